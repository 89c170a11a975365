"""The discriminator of SRGAN."""

import math

from torch import Tensor, nn

from genzoo.core.registry import register


@register
class SRGANDiscriminator(nn.Module):
    """3 x 3 convolutions of which every second halves the map, then two linear layers to a logit per image.

    Args:
        inputs: number of channels of the images.
        size: height and width of the images.
        channels: of the first map; the last has eight times as many, and the first linear layer sixteen times.

    Source: SRGAN (Ledig et al. 2017, arXiv 1609.04802), section 2.1.1 and figure 4.

    Example:
        >>> import torch
        >>> SRGANDiscriminator(inputs=3, size=96, channels=4)(torch.zeros(2, 3, 96, 96)).shape
        torch.Size([2])
    """

    def __init__(self, inputs: int, size: int, channels: int = 64):
        super().__init__()
        self.inputs = inputs
        layers: list[nn.Module] = [nn.Conv2d(inputs, channels, 3, padding=1), nn.LeakyReLU(0.2)]
        wide = channels
        for times, stride in ((1, 2), (2, 1), (2, 2), (4, 1), (4, 2), (8, 1), (8, 2)):
            narrow, wide = wide, times * channels
            convolution = nn.Conv2d(narrow, wide, 3, stride, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(wide), nn.LeakyReLU(0.2)]
        side = math.ceil(size / 16)
        layers += [nn.Flatten(), nn.Linear(side * side * wide, 16 * channels), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(16 * channels, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, inputs, size, size) in [-1, 1] -> logits (B,)."""
        return self.layers(images).squeeze(1)
