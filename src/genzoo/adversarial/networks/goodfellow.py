"""The networks of the first GAN on MNIST.

Source: goodfeli/adversarial, mnist.yaml.
"""

import torch
from torch import Tensor, nn

from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register
from genzoo.nn.initialisation import uniform_initialisation
from genzoo.nn.maxout import Maxout


@register
class MLPGenerator(nn.Module):
    """Two hidden layers of rectified linear units and a sigmoid output.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images.
        hidden: width of the hidden layers.

    Example:
        >>> MLPGenerator(latent=100, shape=(1, 28, 28), hidden=16)(torch.zeros(3, 100)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], hidden: int = 1200):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.layers = nn.Sequential(
            nn.Linear(latent, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, channels * height * width),
        )
        uniform_initialisation(self, 0.05)

    def initialise(self, images: Tensor) -> None:
        """Sets the output biases so that the output for a zero input of the last layer is the mean training image.

        Args:
            images: in [-1, 1], (N, C, H, W).
        """
        mean = to_unit(images).mean(0).flatten().clamp(1e-7, 1 - 1e-7)
        with torch.no_grad():
            self.layers[-1].bias.copy_(mean.logit())

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return from_unit(self.layers(z).sigmoid()).unflatten(1, self.shape)


@register
class MaxoutDiscriminator(nn.Module):
    """Two maxout layers with dropout: inputs are kept with probability 0.8, hidden units with 0.5.

    Args:
        shape: (C, H, W) of the images.
        units: width of the maxout layers.
        pieces: linear pieces per unit.

    Example:
        >>> MaxoutDiscriminator(shape=(1, 28, 28), units=8)(torch.zeros(3, 1, 28, 28)).shape
        torch.Size([3])
    """

    def __init__(self, shape: tuple[int, int, int], units: int = 240, pieces: int = 5):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.trunk = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.2),
            Maxout(channels * height * width, units, pieces),
            nn.Dropout(0.5),
            Maxout(units, units, pieces),
        )
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(units, 1))
        uniform_initialisation(self, 0.005)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B,)."""
        return self.head(self.trunk(to_unit(images))).squeeze(1)
