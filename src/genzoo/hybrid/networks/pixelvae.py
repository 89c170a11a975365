"""The encoder of PixelVAE for MNIST."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.registry import register


@register
class PixelVAEEncoder(nn.Module):
    """3 x 3 convolutions with rectified linear units, and a linear layer.

    A convolution; for each further width one with a stride of 2 and one without; a last one. Maps of odd size are
    padded by a row and a column of zeros below and on the right.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of outputs.
        channels: number of feature maps at each resolution.

    Source: igul222/PixelVAE, mnist_pixelvae_train.py, ``Encoder``.

    Example:
        >>> import torch
        >>> PixelVAEEncoder((1, 28, 28), outputs=32)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 32])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, channels: Sequence[int] = (32, 32, 64, 64)):
        super().__init__()
        inputs, height, width = self.shape = tuple(shape)
        layers: list[nn.Module] = [nn.Conv2d(inputs, channels[0], 3, padding=1), nn.ReLU()]
        for before, maps in pairwise(channels):
            height, width = (height + 1) // 2, (width + 1) // 2
            layers += [nn.Conv2d(before, maps, 3, stride=2, padding=1), nn.ReLU()]
            layers += [nn.ZeroPad2d((0, width % 2, 0, height % 2)), nn.Conv2d(maps, maps, 3, padding=1), nn.ReLU()]
            height, width = height + height % 2, width + width % 2
        last = channels[-1]
        layers += [nn.Conv2d(last, last, 3, padding=1), nn.ReLU(), nn.Flatten()]
        self.layers = nn.Sequential(*layers, nn.Linear(last * height * width, outputs))

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, outputs)."""
        return self.layers(images)
