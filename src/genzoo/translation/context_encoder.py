"""Context encoder: the centre of an image, predicted from what surrounds it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.capabilities import Restores
from genzoo.core.completion import around_centre
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_unit, luma
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.translation.completer import Completer
from genzoo.translation.pairs import Shape

FILL = from_unit(torch.tensor([117.0, 104.0, 123.0]) / 255).view(3, 1, 1)  # a mean colour, shown in place of the hole
RIM_WEIGHT = 10.0


@register
class ContextEncoder(Completer):
    """The generator predicts a central square of half the height and width; a discriminator judges that square alone.

    Of the square, a rim of ``overlap`` pixels is shown to the generator: x̂ is an image with the rest of the square, the
    hole, in a mean colour. With the central square c of an image, and weights W of 10 on the rim and 1 in the hole,

        the discriminator minimises    L_D(D(c), D(G(x̂))),
        the generator                  λ mean W (G(x̂) - c)² + (1 - λ) L_G(D(G(x̂))).

    Both use one prediction, and the discriminator moves first.

    Args:
        shape: (C, H, W) of the images.
        generator: factory of G, called with ``shape``, ``outputs``, the number of channels, and ``side``, that of the
            square.
        discriminator: factory of D, called with ``inputs``, the number of channels, and ``size``, the square's side.
        overlap: width of the rim in pixels.
        reconstruction_weight: λ.
        kwargs: of ``Completer``.

    Raises:
        GenzooError: the rim leaves no hole, or the weight is not in [0, 1].

    Source: Pathak et al. 2016, arXiv 1604.07379, section 3; pathak22/context-encoder, train.lua (W, λ, the colour).
    """

    fill: Tensor
    weights: Tensor

    def __init__(
        self,
        shape: Shape,
        generator: Callable[..., nn.Module],
        discriminator: Callable[..., nn.Module],
        overlap: int = 4,
        reconstruction_weight: float = 0.999,
        **kwargs: Any,
    ):
        channels, size, _ = shape
        side, first = size // 2, (size - size // 2) // 2
        networks = generator(shape=shape, outputs=channels, side=side), discriminator(inputs=channels, size=side)
        super().__init__(shape, *networks, **kwargs)
        if not isinstance(overlap, int) or not 0 <= overlap < side / 2:
            raise GenzooError(f"model.overlap={overlap}: an integer from 0 to {(side - 1) // 2} pixels is needed.")
        if not 0 <= reconstruction_weight <= 1:
            raise GenzooError(f"model.reconstruction_weight={reconstruction_weight}: a number from 0 to 1 is needed.")
        self.square, self.reconstruction_weight = slice(first, first + side), reconstruction_weight
        inside = slice(overlap, side - overlap)
        weights = torch.full((side, side), RIM_WEIGHT)
        weights[inside, inside] = 1.0
        fill, given = FILL if channels == 3 else luma(FILL[None])[0], around_centre(size, side - 2 * overlap)
        for name, buffer in {"fill": fill, "weights": weights, "typical_mask": given}.items():
            self.register_buffer(name, buffer, persistent=False)

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator's update, then the generator's, on one batch."""
        losses = {"discriminator": self.discriminator_loss, "generator": self.generator_loss}
        return (Turn(losses, (Stream("real"),), draws=self.draws, at_once=False),)

    def capabilities(self) -> frozenset[type]:
        """It also restores images from those without their hole."""
        return super().capabilities() | {Restores}

    def draws(self, real: ImageBatch) -> list[dict[str, Tensor]]:
        """The losses' arguments: the central squares and their predictions."""
        return [{"square": self.centre(real.images), "predicted": self.generator(self.degrade(real.images))}]

    def centre(self, images: Tensor) -> Tensor:
        """The central squares of images (B, C, H, W)."""
        return images[..., self.square, self.square]

    def discriminator_loss(self, square: Tensor, predicted: Tensor) -> Tensor:
        """L_D(D(c), D(G(x̂)))."""
        return self.objective.discriminator(self.score(square), self.score(predicted.detach()))

    def generator_loss(self, square: Tensor, predicted: Tensor) -> Tensor:
        """λ mean W (G(x̂) - c)² + (1 - λ) L_G(D(G(x̂)))."""
        distance = (self.weights * (at_least_float32(predicted) - square).square()).mean()
        self.meters.log("distance", distance.detach())
        return torch.lerp(self.objective.generator(self.score(predicted)), distance, self.reconstruction_weight)

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] with the hole in the mean colour."""
        return images.to(self.device).where(self.typical_mask, self.fill)

    def restore(self, observations: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] whose hole is filled in.

        Raises:
            GenzooError: the observations have another shape.
        """
        return self.complete(observations, self.typical_mask.expand(len(observations), -1, -1, -1))

    def proposals(self, images: Tensor, mask: Tensor) -> Tensor:
        """The images with their predicted squares.

        Raises:
            GenzooError: a pixel outside of the hole is missing.
        """
        if (self.typical_mask & ~mask).any():
            rows = self.typical_mask[0].all(1).logical_not().nonzero()
            raise GenzooError(
                "complete: this model fills in pixels of its hole alone, those of the rows and columns "
                f"{rows.min()} to {rows.max()}; give a mask that is 1 outside of it."
            )
        filled = images.clone()
        self.centre(filled).copy_(self.generator(self.degrade(images)))
        return filled
