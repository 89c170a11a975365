"""Causal convolutions with weight normalisation, which use padding and cropping instead of masks.

**Down*: the whole own row and the row above (for streams whose features at a row depend only on rows above it).
*Down-right*: in both rows, the pixel's own column and the one to the left.
"""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.nn.weight_norm import WeightNormConv2d, WeightNormConvTranspose2d


def norm(init_std: float = 1.0) -> dict[str, Any]:
    """Returns the settings of weight normalisation in PixelCNN++.

    Source: openai/pixel-cnn, pixel_cnn_pp/nn.py: the gain is trained; data-dependent initialisation.
    """
    return {"train_gain": True, "init_std": init_std, "eps": 1e-12}


def pointwise(inputs: int, outputs: int, init_std: float = 1.0) -> WeightNormConv2d:
    """A 1 x 1 convolution."""
    return _started(WeightNormConv2d(inputs, outputs, 1, **norm(init_std)))


def down(
    inputs: int, outputs: int, kernel: tuple[int, int] = (2, 3), stride: int = 1, init_std: float = 1.0
) -> nn.Module:
    """A convolution down: its own row and kernel[0] - 1 above, kernel[1] (odd) columns around its own.

    >>> import torch
    >>> down(1, 2)(torch.zeros(1, 1, 8, 8)).shape
    torch.Size([1, 2, 8, 8])
    """
    side = kernel[1] // 2
    return _started(ShiftedConv2d(inputs, outputs, kernel, (side, side), stride, init_std))


def down_right(
    inputs: int, outputs: int, kernel: tuple[int, int] = (2, 2), stride: int = 1, init_std: float = 1.0
) -> nn.Module:
    """A convolution down and right: its own row and kernel[0] - 1 above, its own column and kernel[1] - 1 to the left.

    >>> import torch
    >>> down_right(1, 2, stride=2)(torch.zeros(1, 1, 8, 8)).shape
    torch.Size([1, 2, 4, 4])
    """
    return _started(ShiftedConv2d(inputs, outputs, kernel, (kernel[1] - 1, 0), stride, init_std))


def down_twice(inputs: int, outputs: int) -> nn.Module:
    """As ``down``, to twice the height and width.

    >>> import torch
    >>> down_twice(1, 2)(torch.zeros(1, 1, 4, 4)).shape
    torch.Size([1, 2, 8, 8])
    """
    return _started(ShiftedConvTranspose2d(inputs, outputs, (2, 3), cropped=1))


def down_right_twice(inputs: int, outputs: int) -> nn.Module:
    """As ``down_right``, to twice the height and width.

    >>> import torch
    >>> down_right_twice(1, 2)(torch.zeros(1, 1, 4, 4)).shape
    torch.Size([1, 2, 8, 8])
    """
    return _started(ShiftedConvTranspose2d(inputs, outputs, (2, 2), cropped=0))


class ShiftedConv2d(WeightNormConv2d):
    """A convolution that ends with its own row.

    Args:
        inputs, outputs: number of feature maps.
        kernel: height and width.
        sides: number of columns padded on the left and on the right.
        stride: stride in both directions.
        init_std: see ``WeightNormConv2d``.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int],
        sides: tuple[int, int],
        stride: int = 1,
        init_std: float = 1.0,
    ):
        super().__init__(inputs, outputs, kernel, stride, **norm(init_std))
        self.added = (*sides, kernel[0] - 1, 0)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        return super().forward(F.pad(x, self.added))


class ShiftedConvTranspose2d(WeightNormConvTranspose2d):
    """A transposed convolution of stride 2 that begins with its own row.

    Args:
        inputs, outputs: number of feature maps.
        kernel: height and width.
        cropped: number of columns cut off on the left; on the right, the remaining surplus is cut off.
    """

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], cropped: int):
        super().__init__(inputs, outputs, kernel, 2, output_padding=1, **norm())
        self.cropped = cropped

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, 2 H, 2 W)."""
        height, width = 2 * x.shape[2], 2 * x.shape[3]
        return super().forward(x)[:, :, :height, self.cropped : self.cropped + width]


def _started(layer: nn.Module) -> nn.Module:
    nn.init.normal_(layer.weight, std=0.05)
    return layer
