"""GANs whose discriminator waits while it is far ahead of the generator."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.rounds import Alternating
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import Turn


class WaitingGAN(GAN):
    """A GAN whose discriminator is updated only if it was not too good on the last batch.

    Subclasses implement ``waits`` and ``measure``, which is called in every round.

    Args:
        kwargs: of ``GAN``; no penalties, and one player after the other.

    Raises:
        GenzooError: penalties or another order are given.
    """

    accumulates = False  # whole batches are measured

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        if self.penalties:
            raise GenzooError(
                f"model.penalties.{next(iter(self.penalties))}: a discriminator that waits has no penalties; leave it "
                "out."
            )
        if not isinstance(self.round, Alternating):
            raise GenzooError(f"model.round={type(self.round).__name__}: a discriminator that waits needs Alternating.")

    def waits(self) -> bool:
        """Whether the discriminator was too good on the last batch."""
        raise NotImplementedError

    def measure(self, of_real: Tensor, of_fake: Tensor) -> None:
        """Measures how good the discriminator is, over all ranks, by its outputs (B,) on the present batch."""
        raise NotImplementedError

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator's turn, which it may miss, and the generator's."""
        discriminator, generator = super().turns()
        return discriminator._replace(draws=self.judged), generator

    def judged(self, real: ImageBatch) -> Iterator[dict[str, Any]]:
        """The discriminator's outputs on real and generated data, (B,) each, unless it waits."""
        waits = self.waits()
        images, (_, fake) = self.real_images(real), self.detached_fakes(real)
        with torch.set_grad_enabled(not waits):
            of_real, of_fake = self.discriminate(images, real), self.discriminate(fake, real)
        with torch.no_grad():
            self.measure(of_real, of_fake)
        if not waits:
            yield {"of_real": of_real, "of_fake": of_fake}

    def discriminator_loss(self, of_real: Tensor, of_fake: Tensor) -> Tensor:
        """The objective of the discriminator's outputs (B,)."""
        return self.objective.discriminator(of_real, of_fake)
