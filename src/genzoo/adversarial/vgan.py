"""VGAN: videos of a moving foreground before a still background."""

from typing import Any

from torch import Tensor

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.networks.video import composed
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_weights
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register


@register
class VGAN(GAN):
    """A GAN of videos m f + (1 - m) b, whose generator also minimises λ mean(m): most of a video stands still.

    Args:
        mask_weight: λ.
        kwargs: of ``GAN``.

    Raises:
        GenzooError: the weight is negative.

    Source: Vondrick et al. 2016, arXiv 1609.02612, section 3; cvondrick/videogan, main.lua.
    """

    unit = "videos"
    axes = "thw"

    def __init__(self, mask_weight: float = 0.1, **kwargs: Any):
        super().__init__(**kwargs)
        check_weights({"mask": mask_weight})
        self.mask_weight = mask_weight

    def make(self, real: ImageBatch) -> Made:
        """Masks (B, 1, T, H, W) and videos of new codes, as many as real videos."""
        mask, foreground, background = self.generator.streams(self.codes(real))
        return mask, composed(mask, foreground, background)

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective on generated videos, as many as real ones, and the mean of their masks.

        Args:
            real: real videos.
            made: masks and videos that both players share; None: new ones are generated.
        """
        mask, videos = made or self.make(real)
        self.meters.log("mask", mask.detach().mean())
        return self.fooling(self.discriminate(videos, real), real) + self.mask_weight * at_least_float32(mask).mean()
