"""3D-VAE-GAN's encoder of pictures."""

from itertools import pairwise

from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import widths
from genzoo.adversarial.networks.volumetric import COARSEST
from genzoo.core.registry import register


@register
class PictureEncoder(nn.Module):
    """A convolution of 11 pixels and stride 4, some of 5 pixels and stride 2 down to 8 pixels, and one of 8 pixels.

    Batch norm and ReLU follow each but the last. Pictures have four times as many pixels as volumes have cells; of 256
    pixels there are five convolutions.

    Args:
        outputs: number of outputs.
        shape: (C, D, H, W) of the volumes; sides of 8 to 128 cells.
        channels: of the first map; each coarser one has twice as many.

    Raises:
        GenzooError: the sides are not possible.

    Source: Wu et al. 2016, arXiv 1610.07584 (unverified: kernels, strides, widths).

    Example:
        >>> import torch
        >>> PictureEncoder(outputs=8, shape=(1, 16, 16, 16), channels=4)(torch.zeros(2, 1, 64, 64)).shape
        torch.Size([2, 8])
    """

    def __init__(self, outputs: int, shape: tuple[int, int, int, int], channels: int = 64):
        super().__init__()
        maps = widths(shape, channels, COARSEST)
        self.shape, self.outputs = (1, 4 * shape[2], 4 * shape[3]), outputs
        layers = _normalised(nn.Conv2d(1, maps[0], 11, 4, 4, bias=False))
        for before, after in pairwise(maps):
            layers += _normalised(nn.Conv2d(before, after, 5, 2, 2, bias=False))
        self.layers = nn.Sequential(*layers, nn.Conv2d(maps[-1], outputs, 8), nn.Flatten())

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 1, H, W) in [-1, 1] -> (B, outputs)."""
        return self.layers(pictures)


def _normalised(convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU()]
