"""LAPGAN's networks of a level: they generate and judge residuals, given the enlarged coarser image.

Source: facebook/eyescream, the convolutional networks of its CIFAR-10 models.
"""

import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


@register
class ResidualGenerator(nn.Module):
    """Three convolutions of a plane of noise and the condition, with a linear output.

    Args:
        shape: (C, H, W) of the residuals.
        channels: of the hidden layers.

    Example:
        >>> ResidualGenerator(shape=(3, 16, 16), channels=4)(torch.zeros(2, 1, 16, 16), torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 3, 16, 16])
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1 + shape[0], channels, 7, padding=3),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 7, padding=3),
            nn.ReLU(),
            nn.Conv2d(channels, shape[0], 5, padding=2),
        )

    def forward(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Noise (B, 1, H, W) and the condition (B, C, H, W) -> residuals (B, C, H, W)."""
        return self.layers(torch.cat([noise, condition], 1))


@register
class ResidualDiscriminator(nn.Module):
    """Two convolutions of the sum of residual and condition, and a linear output after dropout.

    Args:
        shape: (C, H, W) of the residuals.
        channels: of the hidden layers.
        dropout: its probability.

    Raises:
        GenzooError: the size is less than 9 pixels.

    Example:
        >>> ResidualDiscriminator(shape=(3, 16, 16), channels=4)(*torch.zeros(2, 5, 3, 16, 16)).shape
        torch.Size([5])
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64, dropout: float = 0.5):
        super().__init__()
        if shape[1] < 9:
            raise GenzooError(
                f"model.levels: residuals of {shape[1]} pixels are too small for 5 x 5 kernels; use fewer."
            )
        side = (shape[1] - 9) // 2 + 1
        self.layers = nn.Sequential(
            nn.Conv2d(shape[0], channels, 5),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 5, 2),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Flatten(),
            nn.Linear(channels * side * side, 1),
            nn.Flatten(0),
        )

    def forward(self, residuals: Tensor, condition: Tensor) -> Tensor:
        """Residuals and the condition, (B, C, H, W) each -> logits (B,)."""
        return self.layers(residuals + condition)
