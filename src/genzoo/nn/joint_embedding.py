"""An embedding of images and sentences in one space."""

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register

MARGIN = 1.0


@register
class JointEmbedding(nn.Module):
    """F(i, j) = <θ(image i), φ(sentence j)> is trained to be larger by a margin of 1 for the image's own sentences.

    θ is also trained to classify images. The source's θ is a network that was trained to classify photographs.

    Args:
        text_encoder: φ: numbers of characters (B, length) -> (B, E); ``outputs`` = E.
        image_encoder: θ: images (B, C, H, W) -> (B, E).
        classes: number of classes of images.

    Source: Reed et al. 2016, arXiv 1605.05395, equations 1 to 5; reedscot/cvpr2016, train_sje_hybrid.lua.
    """

    def __init__(self, text_encoder: nn.Module, image_encoder: nn.Module, classes: int):
        super().__init__()
        self.text_encoder, self.image_encoder = text_encoder, image_encoder
        self.classifier = nn.Linear(text_encoder.outputs, classes)

    def text(self, captions: Tensor) -> Tensor:
        """The mean embedding (B, E) of each image's sentences (B, K, length)."""
        several = at_least_float32(self.text_encoder(captions.flatten(0, 1)))
        return several.unflatten(0, captions.shape[:2]).mean(1)

    def loss(self, images: Tensor, captions: Tensor, labels: Tensor) -> Tensor:
        """The structured hinges, and the cross-entropy of the images' classes.

        The hinges are mean_ij max(0, 1 + F(i, j) - F(i, i)) + mean_ij max(0, 1 + F(i, j) - F(j, j)); i = j counts 0.

        Args:
            images: (B, C, H, W) in [-1, 1].
            captions: a sentence of each image, (B, length).
            labels: int64 (B,).
        """
        image, text = at_least_float32(self.image_encoder(images)), at_least_float32(self.text_encoder(captions))
        scores = (image[:, None] * text).sum(2)  # a product of matrices would have the precision of autocast
        own = scores.diagonal()
        hinges = (MARGIN + scores - own[:, None]).relu() + (MARGIN + scores - own).relu()
        ranking = (hinges.sum() - hinges.diagonal().sum()) / hinges.numel()
        return ranking + F.cross_entropy(at_least_float32(self.classifier(image)), labels)
