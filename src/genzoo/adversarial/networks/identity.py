"""Images as their own features."""

from torch import Tensor, nn

from genzoo.core.registry import register


@register
class Identity(nn.Module):
    """Features are the images' values; the logit is linear in them.

    With ``model.matching`` the generator's loss is then a distance between images, on which the discriminator's
    parameters have no effect.

    Args:
        shape: (C, H, W) of the images.

    Example:
        >>> import torch
        >>> Identity((1, 2, 2)).features(torch.ones(3, 1, 2, 2)).shape
        torch.Size([3, 4])
    """

    def __init__(self, shape: tuple[int, int, int]):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.head = nn.Linear(channels * height * width, 1)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> their values (B, C · H · W)."""
        return images.flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> logits (B,)."""
        return self.head(self.features(images)).squeeze(1)
