"""DnCNN: convolutions at full resolution that predict the noise of an image."""

import math

import torch
from torch import Tensor, nn

from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register

SMALLEST_SCALE = 0.025


@register
class DnCNN(nn.Module):
    """x minus the noise that convolutions predict from x, for images of any size.

    Weights and the scales of the batch norm start as N(0, 2 / (9 channels)); scales are at least 0.025 in size.

    Args:
        shape: (C, H, W) of the images; only C counts.
        outputs: number of channels of the result.
        channels: of all feature maps.
        layers: number of 3 x 3 convolutions; all but the first and the last have batch norm.

    Raises:
        GenzooError: the result has another number of channels than the images; fewer than two layers.

    Source: Zhang et al. 2017, arXiv 1608.03981, section III; cszn/DnCNN, DnCNN_init_model_64_25_Res_Bnorm_Adam.m.

    Example:
        >>> DnCNN(shape=(3, 8, 8), outputs=3, channels=4, layers=3)(torch.zeros(2, 3, 6, 10)).shape
        torch.Size([2, 3, 6, 10])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, channels: int = 64, layers: int = 17):
        super().__init__()
        check_integer("model.generator.layers", layers, 2)
        if outputs != shape[0]:
            raise GenzooError(
                f"model.generator: DnCNN subtracts noise from an observation of {shape[0]} channels, and the image has "
                f"{outputs}: use another generator, as in model=unet_regression."
            )
        self.shape, self.outputs = (shape[0], None, None), outputs
        first = [nn.Conv2d(shape[0], channels, 3, padding=1), nn.ReLU()]
        middle = [layer for _ in range(layers - 2) for layer in _normed(channels)]
        self.noise = nn.Sequential(*first, *middle, nn.Conv2d(channels, outputs, 3, padding=1))
        self._initialise(math.sqrt(2 / (9 * channels)))

    def _initialise(self, std: float) -> None:
        for m in self.noise:
            if isinstance(m, nn.Conv2d | nn.BatchNorm2d):
                nn.init.normal_(m.weight, std=std)
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
            if isinstance(m, nn.BatchNorm2d):
                with torch.no_grad():
                    m.weight.copy_(m.weight.abs().clamp(min=SMALLEST_SCALE).copysign(m.weight))

    def forward(self, images: Tensor) -> Tensor:
        """Images plus noise (B, C, H, W) -> estimates of the images (B, C, H, W)."""
        return images - self.noise(images)


def _normed(channels: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
