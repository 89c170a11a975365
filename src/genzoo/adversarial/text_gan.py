"""GAN-INT-CLS: images of captions."""

from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.adversarial.caption_gan import CaptionGAN
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_weights
from genzoo.core.randomness import other_rows
from genzoo.core.registry import register


@register
class TextGAN(CaptionGAN):
    """A discriminator judges whether an image is real and is what its caption says.

    With t = φ(caption) of each image x, wrong images x̂ of another class, and noise z ~ N(0, I),

        D minimises    ℓ₁(D(x, t)) + w ℓ₀(D(x̂, t)) + (1 - w) ℓ₀(D(G(z, t), t)),    if w = 0: both weights 1,
        G minimises    (Σ_b ℓ_G(D(G(z, t_b), t_b)) + v Σ_j ℓ_G(D(G(z, s_j), s_j))) / (1.5 B),

    where s_j = (t_j + t_{j+B/2}) / 2 for the B/2 pairs of a batch of B, which D never sees as fakes in its own loss.

    Args:
        interpolation_weight: v.
        kwargs: of ``CaptionGAN``; ``mismatch_weight`` is w.

    Raises:
        GenzooError: a number is out of range.

    Source: Reed et al. 2016, arXiv 1605.05396, section 4; reedscot/icml2016, main_cls_int.lua.
    """

    def __init__(self, interpolation_weight: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        check_weights({"interpolation": interpolation_weight})
        self.interpolation_weight = interpolation_weight

    @torch.no_grad()
    def draws(self, real: ImageBatch) -> list[dict[str, Any]]:
        """The losses' arguments: the images, and the embeddings t (B, E) of their captions."""
        return [{"real": real, "t": self.embedding.text(real.given["caption"])}]

    def discriminator_loss(self, real: ImageBatch, t: Tensor) -> Tensor:
        """The loss of D."""
        with torch.no_grad():
            fake = self.draw(t)
        w = self.mismatch_weight
        of_real, of_fake = self.judge(real.images, t), self.judge(fake, t)
        if not w:
            return self.objective.discriminator(of_real, of_fake)
        wrong = real.images[other_rows(real.labels[:, None])]
        # Each term has the loss of the real pair, so that the weights w and 1 - w leave it a weight of 1.
        against_wrong = self.objective.discriminator(of_real, self.judge(wrong, t))
        return w * against_wrong + (1 - w) * self.objective.discriminator(of_real, of_fake)

    def generator_loss(self, real: ImageBatch, t: Tensor) -> Tensor:
        """The loss of G, on noise of its own."""
        half = len(t) // 2
        between = (t[:half] + t[half : 2 * half]) / 2
        loss = self.objective.generator(self.judge(self.draw(t), t))
        if v := self.interpolation_weight:
            loss = loss + v / 2 * self.objective.generator(self.judge(self.draw(between), between))
        return loss / 1.5

    def draw(self, t: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H, W) of embeddings t (B, E) and new noise."""
        return self.generator(self.noise(t, generator), t)
