"""3D-GAN: a GAN of volumes whose discriminator waits while it is accurate."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.rounds import Alternating
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.pooling import max_pooled


@register
class GAN3D(GAN):
    """A GAN of volumes, whose discriminator is updated only if its accuracy on the last batch was at most ``gate``.

    The accuracy is the mean of the shares of real volumes with D(x) > 1/2 and of generated ones with D(G(z)) < 1/2. It
    is computed in every round, over all ranks.

    Args:
        gate: the largest accuracy after which the discriminator is updated; 1 = always.
        kwargs: of ``GAN``; no penalties, and one player after the other.

    Raises:
        GenzooError: the gate is not in [0, 1], or penalties or another order are given.

    Source: Wu et al. 2016, arXiv 1610.07584.
    """

    unit = "volumes"
    axes = "dhw"
    accumulates = False  # the accuracy is that of whole batches

    def __init__(self, gate: float = 0.8, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= gate <= 1:
            raise GenzooError(
                f"model.gate={gate}: an accuracy from 0 to 1 is needed; 1 = the discriminator never waits."
            )
        if self.penalties:
            raise GenzooError(f"model.penalties.{next(iter(self.penalties))}: 3D-GAN has no penalties; leave it out.")
        if not isinstance(self.round, Alternating):
            raise GenzooError(f"model.round={type(self.round).__name__}: a discriminator that waits needs Alternating.")
        self.gate = gate
        self.accuracy: Tensor
        self.register_buffer("accuracy", torch.zeros(()))  # of the last batch

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator's turn, which it may miss, and the generator's."""
        discriminator, generator = super().turns()
        return discriminator._replace(draws=self.judged), generator

    def judged(self, real: ImageBatch) -> Iterator[dict[str, Any]]:
        """The discriminator's outputs on real and generated volumes, (B,) each, unless it waits."""
        waits = bool(self.accuracy > self.gate)
        images, (_, fake) = self.real_images(real), self.detached_fakes(real)
        with torch.set_grad_enabled(not waits):
            of_real, of_fake = self.discriminate(images, real), self.discriminate(fake, real)
        with torch.no_grad():
            right = torch.stack([(of_real > 0).float().mean(), (of_fake < 0).float().mean()])
            self.accuracy.copy_(average_over_ranks(right.mean()))
        self.meters.log("accuracy", self.accuracy.clone())
        if not waits:
            yield {"of_real": of_real, "of_fake": of_fake}

    def discriminator_loss(self, of_real: Tensor, of_fake: Tensor) -> Tensor:
        """The objective of the discriminator's outputs (B,)."""
        return self.objective.discriminator(of_real, of_fake)

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The discriminator's last three maps of volumes (B, C, D, H, W), each max-pooled to 2 x 2 x 2: (B, F).

        Of 64 cells a side, these are the paper's: those of layers 2 to 4, 7168 numbers.
        """
        return max_pooled(self.discriminator.feature_maps(images)[-3:], grid=2)
