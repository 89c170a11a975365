"""An embedding of images and sentences in one space."""

from torch import Tensor, nn

from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register

MARGIN = 1.0


@register
class JointEmbedding(nn.Module):
    """F(i, j) = <θ(image i), φ(sentence j)> is trained to be larger by a margin of 1 for the image's own sentences.

    Args:
        text_encoder: φ: numbers of characters (B, length) -> (B, E).
        image_encoder: θ: images (B, C, H, W) -> (B, E).

    Source: Reed et al. 2016, arXiv 1605.05395, equations 1 to 5; reedscot/cvpr2016, train_sje_hybrid.lua.
    """

    def __init__(self, text_encoder: nn.Module, image_encoder: nn.Module):
        super().__init__()
        self.text_encoder, self.image_encoder = text_encoder, image_encoder

    def text(self, captions: Tensor) -> Tensor:
        """The mean embedding (B, E) of each image's sentences (B, K, length)."""
        several = at_least_float32(self.text_encoder(captions.flatten(0, 1)))
        return several.unflatten(0, captions.shape[:2]).mean(1)

    def loss(self, images: Tensor, captions: Tensor) -> Tensor:
        """mean_ij max(0, 1 + F(i, j) - F(i, i)) + mean_ij max(0, 1 + F(i, j) - F(j, j)), where i = j counts 0.

        Args:
            images: (B, C, H, W) in [-1, 1].
            captions: a sentence of each image, (B, length).
        """
        image, text = at_least_float32(self.image_encoder(images)), at_least_float32(self.text_encoder(captions))
        scores = (image[:, None] * text).sum(2)  # a product of matrices would have the precision of autocast
        own = scores.diagonal()
        hinges = (MARGIN + scores - own[:, None]).relu() + (MARGIN + scores - own).relu()
        return (hinges.sum() - hinges.diagonal().sum()) / hinges.numel()
