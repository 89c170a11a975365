"""LAPGAN: a pyramid of GANs, each of which adds the details of one resolution."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.adversarial.pyramid import expanded, rebuilt, reduced, residual
from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_integer, check_labels, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference
from genzoo.core.latent import Latent
from genzoo.core.precision import at_least_float32
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register
from genzoo.core.rounds import Optimizers, Turn
from genzoo.nn.objectives import Objective


@register
class LAPGAN(ImageModule):
    """Level 0 is a GAN of the coarsest images; level k > 0 a conditional GAN of residuals.

    With d, the means of 2 x 2 pixels, u, bilinear enlargement, and an image x at the resolution of level k,

        h = x - u(d(x)),  D_k minimises L_D(D_k(h, u(d(x))), D_k(G_k(z, u(d(x))), u(d(x)))), and G_k minimises L_G.

    All levels are trained in each round, independently of each other. Sampling goes from coarse to fine,
    x_k = u(x_(k-1)) + G_k(z_k, u(x_(k-1))).

    Args:
        shape: (C, H, W) of the images; the coarsest are H / 2^(levels - 1) pixels high.
        levels: number of levels.
        latent: prior of the codes of level 0; the other levels have a plane of noise, uniform on [-1, 1].
        coarse_generator, coarse_discriminator: factories of level 0, called with ``shape``, the generator also with
            ``latent``, the width of the codes.
        generator, discriminator: factories of the other levels, called with ``shape``.
        objective: the losses of both players.
        optimizers: of ``discriminator`` and ``generator``, for each level.
        kwargs: of ``RoundModule``; the players are ``discriminator_k`` and ``generator_k``.

    Raises:
        GenzooError: the images cannot be halved so many times.

    Source: Denton et al. 2015, arXiv 1506.05751, section 3; facebook/eyescream.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        levels: int,
        latent: Latent,
        coarse_generator: Callable[..., nn.Module],
        coarse_discriminator: Callable[..., nn.Module],
        generator: Callable[..., nn.Module],
        discriminator: Callable[..., nn.Module],
        objective: Objective,
        optimizers: Optimizers,
        **kwargs: Any,
    ):
        check_integer("model.levels", levels, 1)
        channels, side, _ = shape
        if side % 2 ** (levels - 1):
            raise GenzooError(f"model.levels={levels}: images of {side} pixels cannot be halved {levels - 1} times.")
        of_levels = {f"{name}_{k}": factory for k in range(levels) for name, factory in optimizers.items()}
        super().__init__(of_levels, **kwargs)
        self.image_shape, self.latent, self.objective = tuple(shape), latent, objective
        coarsest, *finer = [(channels, side >> k, side >> k) for k in reversed(range(levels))]
        self.generators = nn.ModuleList([coarse_generator(latent=latent.width, shape=coarsest)])
        self.discriminators = nn.ModuleList([coarse_discriminator(shape=coarsest)])
        self.generators.extend(generator(shape=finer_shape) for finer_shape in finer)
        self.discriminators.extend(discriminator(shape=finer_shape) for finer_shape in finer)

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator and the generator of each level."""
        networks = {"discriminator": self.discriminators, "generator": self.generators}
        return {f"{name}_{k}": [of[k]] for k in range(len(self.generators)) for name, of in networks.items()}

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator's update, then the generator's, level by level, on the same images."""
        return tuple(self.turn(k) for k in range(len(self.generators)))

    def turn(self, level: int) -> Turn:
        """The turn of one level."""
        losses = {
            f"discriminator_{level}": partial(self.discriminator_loss, self.discriminators[level]),
            f"generator_{level}": partial(self.generator_loss, self.discriminators[level]),
        }
        return Turn(losses, (Stream("real"),), draws=partial(self.draws, level), at_once=False)

    def capabilities(self) -> frozenset[type]:
        """It samples."""
        return frozenset({Samples})

    def draws(self, level: int, real: ImageBatch) -> list[Mapping[str, Any]]:
        """The losses' arguments: real images or residuals, the generated ones, and the condition of both, if any."""
        images = real.images
        for _ in range(len(self.generators) - 1 - level):
            images = reduced(images)
        condition = (expanded(reduced(images)),) if level else ()
        shown = residual(images) if level else images
        return [{"real": shown, "fake": self.generated(level, len(images), *condition), "condition": condition}]

    def generated(self, level: int, n: int, *condition: Tensor, generator: Generator | None = None) -> Tensor:
        """n images of level 0, or residuals of another level, given the enlarged coarser images (n, C, H, W)."""
        if not level:
            return self.generators[0](self.latent.sample(n, generator, self.device))
        plane = n, 1, *condition[0].shape[2:]
        noise = torch.rand(plane, generator=generator, device=drawing_device(generator, self.device)).to(self.device)
        return self.generators[level](2 * noise - 1, *condition)

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, condition: tuple[Tensor, ...]
    ) -> Tensor:
        """L_D of a level."""
        scores = [at_least_float32(discriminator(shown, *condition)) for shown in (real, fake.detach())]
        return self.objective.discriminator(*scores)

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, condition: tuple[Tensor, ...]
    ) -> Tensor:
        """L_G of a level."""
        return self.objective.generator(at_least_float32(discriminator(fake, *condition)))

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n images (n, C, H, W), clipped to [-1, 1].

        Raises:
            GenzooError: labels are given, or n is not a positive integer.
        """
        check_positive("number of images", n)
        check_labels(labels, n, 0, self.device)
        images = self.generated(0, n, generator=generator)
        for level in range(1, len(self.generators)):
            images = rebuilt(images, [self.generated(level, n, expanded(images), generator=generator)])
        return images.clamp(-1, 1)
