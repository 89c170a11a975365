"""GAWWN: images of captions, drawn where they are asked for."""

from typing import Any

import torch
from torch import Tensor

from genzoo.adversarial.caption_gan import CaptionGAN
from genzoo.core.batches import ImageBatch
from genzoo.core.randomness import other_rows
from genzoo.core.registry import register


@register
class GAWWN(CaptionGAN):
    """A discriminator judges whether an image is real, is what its caption says, and is where it was asked for.

    With t = φ(caption) of each image x, the place p (a box, or key points), wrong embeddings t̂ of images of another
    class, and noise z ~ N(0, I), which both players share,

        D minimises    ℓ₁(D(x, t, p)) + w ℓ₀(D(x, t̂, p)) + (1 - w) ℓ₀(D(G(z, t, p), t, p)),
        G minimises    ℓ_G(D(G(z, t, p), t, p)).

    Args:
        kwargs: of ``CaptionGAN``; ``mismatch_weight`` is w.

    Raises:
        GenzooError: a number is out of range.

    Source: Reed et al. 2016, arXiv 1610.02454; reedscot/nips2016, main_cub_bbox.lua and main_cub_keypoints.lua.
    """

    @torch.no_grad()
    def draws(self, real: ImageBatch) -> list[dict[str, Any]]:
        """The losses' arguments: the images, their embeddings t (B, E) and places, and noise z (B, latent)."""
        t, place = self.condition(real.given)
        return [{"real": real, "t": t, "place": place, "z": self.noise(t)}]

    def discriminator_loss(self, real: ImageBatch, t: Tensor, place: Tensor, z: Tensor) -> Tensor:
        """The loss of D."""
        with torch.no_grad():
            fake = self.generator(z, t, place)
        wrong = t[other_rows(real.labels[:, None])]
        of_real = self.judge(real.images, t, place)
        # Each term has the loss of the real pair, so that the weights w and 1 - w leave it a weight of 1.
        against_wrong = self.objective.discriminator(of_real, self.judge(real.images, wrong, place))
        against_fake = self.objective.discriminator(of_real, self.judge(fake, t, place))
        return self.mismatch_weight * against_wrong + (1 - self.mismatch_weight) * against_fake

    def generator_loss(self, real: ImageBatch, t: Tensor, place: Tensor, z: Tensor) -> Tensor:
        """The loss of G."""
        return self.objective.generator(self.judge(self.generator(z, t, place), t, place))
