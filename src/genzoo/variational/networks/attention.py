"""Attention for reading and writing a part of an image: an N x N grid of Gaussian filters, differentiable in position.

Pixels are counted from 1, as in the paper: the columns of an image are 1 .. A, its middle is (A + 1) / 2, and a grid of
stride (A - 1) / (N - 1) in the middle reaches from the first column to the last.

Source: Gregor et al. 2015, arXiv 1502.04623, sections 3.2 and 3.3.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from genzoo.core.checks import check_integer
from genzoo.core.precision import at_least_float32, in_float32
from genzoo.core.registry import register


class Window(NamedTuple):
    """Position and size of a grid of filters on an image, each (B,), lengths in pixels.

    Args:
        x, y: centre of the grid, g_X and g_Y.
        stride: distance δ between the centres of neighbouring filters.
        variance: σ² of each filter.
        intensity: γ; a read patch is multiplied by it, a written patch is divided by it.
    """

    x: Tensor
    y: Tensor
    stride: Tensor
    variance: Tensor
    intensity: Tensor


def filters(centre: Tensor, stride: Tensor, variance: Tensor, n: int, pixels: int) -> Tensor:
    """Filters of a grid along one side of the image: F[i, a] = exp(-(a - μ_i)² / 2σ²) / Z_i, with Σ_a F[i, a] = 1.

    Computed as a softmax over the pixels, which is defined even if all exponentials underflow to 0.

    Args:
        centre, stride, variance: (B,), in pixels.
        n: number of filters N.
        pixels: number of pixels of that side, A.

    Returns:
        (B, N, A).

    Source: arXiv 1502.04623, equations 19, 20, 25 and 26, where i = 1 .. N and a = 1 .. A.

    >>> filters(torch.tensor([2.0]), torch.tensor([1.0]), torch.tensor([1e-3]), n=3, pixels=3)
    tensor([[[1., 0., 0.],
             [0., 1., 0.],
             [0., 0., 1.]]])
    """
    i = torch.arange(1, n + 1, device=centre.device)
    a = torch.arange(1, pixels + 1, device=centre.device)
    means = centre[:, None] + (i - n / 2 - 0.5) * stride[:, None]
    return (-(a - means[..., None]).square() / (2 * variance[:, None, None])).softmax(-1)


class Attention(nn.Module):
    """A grid of filters whose window is a function of the decoder's hidden vector.

    Args:
        shape: (C, H, W) of the images or the canvas.
        hidden: width of the hidden vector.
        size: filters per side, N.
        key: configuration key, for messages.

    Raises:
        GenzooError: fewer than 2 filters per side, between which there is no stride.
    """

    def __init__(self, shape: tuple[int, int, int], hidden: int, size: int, key: str):
        super().__init__()
        _, self.height, self.width = shape
        self.size = check_integer(f"{key}.size", size, least=2)
        self.linear = nn.Linear(hidden, 5)

    def window(self, h: Tensor) -> Window:
        """Returns the window for hidden vectors (B, hidden).

        Source: arXiv 1502.04623, equations 21 to 24.
        """
        x, y, log_variance, log_stride, log_intensity = at_least_float32(self.linear(h)).unbind(1)
        return Window(
            x=(self.width + 1) / 2 * (x + 1),
            y=(self.height + 1) / 2 * (y + 1),
            stride=(max(self.width, self.height) - 1) / (self.size - 1) * log_stride.exp(),
            variance=log_variance.exp(),
            intensity=log_intensity.exp(),
        )

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """F_Y (B, 1, N, H), F_X (B, 1, N, W) and γ (B, 1, 1, 1), one for all channels."""
        window = self.window(h)
        f_y = filters(window.y, window.stride, window.variance, self.size, self.height)
        f_x = filters(window.x, window.stride, window.variance, self.size, self.width)
        return f_y[:, None], f_x[:, None], window.intensity[:, None, None, None]


@register
class AttentionReader(nn.Module):
    """read(x, x̂, h) = γ [F_Y x F_Xᵀ, F_Y x̂ F_Xᵀ].

    Args:
        shape: (C, H, W) of the images.
        hidden: width of the decoder's hidden vector.
        size: pixels per side of the read patch, N.

    Source: arXiv 1502.04623, equation 27.

    Example:
        >>> reader = AttentionReader((1, 28, 28), hidden=256, size=2)
        >>> x = torch.zeros(3, 1, 28, 28)
        >>> reader(x, x, torch.zeros(3, 256)).shape, reader.outputs
        (torch.Size([3, 8]), 8)
    """

    def __init__(self, shape: tuple[int, int, int], hidden: int, size: int):
        super().__init__()
        self.attention = Attention(shape, hidden, size, "model.reader")
        self.outputs = 2 * shape[0] * size**2

    def forward(self, x: Tensor, error: Tensor, h: Tensor) -> Tensor:
        """Images x and x̂ (B, C, H, W), hidden vectors (B, hidden) -> (B, outputs)."""
        f_y, f_x, intensity = self.attention(h)
        return (intensity * (f_y @ torch.cat([x, error], 1) @ f_x.mT)).flatten(1)


@register
class AttentionWriter(nn.Module):
    """write(h) = 1/γ F_Yᵀ w F_X, with the patch w a linear function of h.

    Args:
        shape: (C, H, W) of the canvas.
        hidden: width of the decoder's hidden vector.
        size: pixels per side of the written patch, N.

    Source: arXiv 1502.04623, equations 28 and 29.

    Example:
        >>> AttentionWriter((1, 28, 28), hidden=256, size=5)(torch.zeros(3, 256)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(self, shape: tuple[int, int, int], hidden: int, size: int):
        super().__init__()
        self.attention = Attention(shape, hidden, size, "model.writer")
        self.patch = nn.Linear(hidden, shape[0] * size**2)
        self.patch_shape = (shape[0], size, size)

    def forward(self, h: Tensor) -> Tensor:
        """Hidden vectors (B, hidden) -> addition to the canvas, (B, C, H, W)."""
        f_y, f_x, intensity = self.attention(h)
        patch = in_float32(self.patch, h).unflatten(1, self.patch_shape)
        return f_y.mT @ patch @ f_x / intensity

    def frames(self, h: Tensor) -> Tensor:
        """Returns the rectangle it writes to: left, top, right, bottom and border width σ, in pixels, (B, 5).

        It extends from the centres of the first filters to those of the last. Lengths are from the image's upper left
        corner, so that the middle of the first pixel is 0.5.
        """
        window = self.attention.window(h)
        x, y, reach = window.x - 0.5, window.y - 0.5, window.stride * (self.attention.size - 1) / 2
        return torch.stack([x - reach, y - reach, x + reach, y + reach, window.variance.sqrt()], 1)
