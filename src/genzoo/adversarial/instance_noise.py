"""Instance noise: noise on all images that the discriminator sees, which decreases during training."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from genzoo.adversarial.gan import GAN
from genzoo.core.batches import ImageBatch
from genzoo.core.registry import register


@register
class InstanceNoiseGAN(GAN):
    """Real and generated images have Gaussian noise added before the discriminator, in both players' losses.

    The noise makes the two distributions overlap, where the discriminator could otherwise separate them completely.

    Args:
        noise: standard deviation as a function of the number of completed rounds; images are in [-1, 1].
        kwargs: of ``GAN``.

    Source: Sønderby et al. 2017, arXiv 1610.04490, section 3; soumith/ganhacks, item 13.
    """

    def __init__(self, noise: Callable[[int], float], **kwargs: Any):
        super().__init__(**kwargs)
        self.noise = noise

    def discriminate(self, images: Tensor, real: ImageBatch) -> Tensor:
        """The discriminator's logits (B,) of images with noise."""
        return super().discriminate(images + self.noise(self.progress.rounds) * torch.randn_like(images), real)
