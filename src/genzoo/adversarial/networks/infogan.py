"""InfoGAN's networks for MNIST.

Source: openai/InfoGAN, infogan/models/regularized_gan.py; arXiv 1606.03657, appendix C.1.

Layers before batch norm have no bias, which its shift would make redundant.
"""

import math

from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation


def quarter(shape: tuple[int, int, int]) -> tuple[int, int]:
    """Height and width at a quarter of the resolution of images (C, H, W).

    Raises:
        GenzooError: one is not a multiple of 4.
    """
    _, height, width = shape
    if height % 4 or width % 4:
        raise GenzooError(
            f"model: these networks halve the image twice, so data.size={height} must be a multiple of 4."
        )
    return height // 4, width // 4


def projection(latent: int, hidden: int, shape: tuple[int, int, int]) -> list[nn.Module]:
    """Codes (B, latent) -> the first feature map (B, *shape): two fully connected layers, batch norm and ReLU."""
    units = math.prod(shape)
    return [
        *(nn.Linear(latent, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU()),
        *(nn.Linear(hidden, units, bias=False), nn.BatchNorm1d(units), nn.ReLU()),
        nn.Unflatten(1, shape),
    ]


@register
class Generator(nn.Module):
    """Two fully connected and two transposed convolutional layers, batch norm and ReLU between, sigmoid output.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images, H and W multiples of 4.
        channels: of the feature map at half resolution; twice as many at a quarter.
        hidden: width of the fully connected layer.

    Example:
        >>> import torch
        >>> Generator(latent=74, shape=(1, 28, 28), channels=4, hidden=16)(torch.zeros(2, 74)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int = 64, hidden: int = 1024):
        super().__init__()
        self.shape = tuple(shape)
        height, width = quarter(self.shape)
        self.layers = nn.Sequential(
            *projection(latent, hidden, (2 * channels, height, width)),
            nn.ConvTranspose2d(2 * channels, channels, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.ConvTranspose2d(channels, self.shape[0], 4, stride=2, padding=1),
        )
        dcgan_initialisation(self, truncated=True)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]: the mean of a Bernoulli."""
        return from_unit(self.layers(z).sigmoid())


@register
class Discriminator(nn.Module):
    """Two convolutional layers and a fully connected one, leaky ReLU, batch norm from the second on.

    ``trunk`` computes the features that discriminator and Q share, ``head`` the logit.

    Args:
        shape: (C, H, W) of the images, H and W multiples of 4.
        channels: of the first layer; twice as many in the second.
        hidden: width of the fully connected layer, the number of features.
        slope: of the leaky ReLU: 0.01 in the code, 0.1 in the paper.

    Example:
        >>> import torch
        >>> Discriminator(shape=(1, 28, 28), channels=4, hidden=16)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2])
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64, hidden: int = 1024, slope: float = 0.01):
        super().__init__()
        self.shape = tuple(shape)
        height, width = quarter(self.shape)
        self.trunk = nn.Sequential(
            nn.Conv2d(self.shape[0], channels, 4, stride=2, padding=1),
            nn.LeakyReLU(slope),
            nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * channels),
            nn.LeakyReLU(slope),
            nn.Flatten(),
            nn.Linear(2 * channels * height * width, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.LeakyReLU(slope),
        )
        self.head = nn.Linear(hidden, 1)
        dcgan_initialisation(self, truncated=True)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> features (B, hidden)."""
        return self.trunk(to_unit(images))

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) in [-1, 1] -> outputs of the convolutional layers, after the non-linearity."""
        half = self.trunk[:2](to_unit(images))
        return [half, self.trunk[2:5](half)]

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B,)."""
        return self.head(self.features(images)).squeeze(1)


@register
class QHead(nn.Module):
    """The head Q on the discriminator's features: an optional fully connected layer and the posteriors' parameters.

    Args:
        features: width of the features.
        outputs: number of parameters of all posteriors.
        hidden: width of the fully connected layer; None = no such layer.
        slope: of the leaky ReLU.

    Example:
        >>> import torch
        >>> QHead(features=16, outputs=14, hidden=8)(torch.zeros(2, 16)).shape
        torch.Size([2, 14])
    """

    def __init__(self, features: int, outputs: int, hidden: int | None = 128, slope: float = 0.01):
        super().__init__()
        layers: list[nn.Module] = []
        if hidden is not None:
            layers = [nn.Linear(features, hidden, bias=False), nn.BatchNorm1d(hidden), nn.LeakyReLU(slope)]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden or features, outputs))
        dcgan_initialisation(self, truncated=True)

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, features) -> parameters (B, outputs)."""
        return self.layers(features)
