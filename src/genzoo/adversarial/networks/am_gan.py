"""AM-GAN's convolutional networks for images of 32 x 32 pixels.

Source: the authors' AM-GAN.py of arXiv 1703.02000.

Layers before batch norm have no bias, which its shift would make redundant.
"""

from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import check_size
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.nn.noise import GaussianNoise


@register
class Generator(nn.Module):
    """A projection to 4 x 4 and four transposed 3 x 3 convolutions, batch norm and ReLU between, tanh output.

    Args:
        latent: width of the latent code.
        shape: (C, 32, 32) of the images.
        channels: of the feature map of 32 x 32; each coarser one has twice as many.

    Example:
        >>> import torch
        >>> Generator(latent=100, shape=(3, 32, 32), channels=2)(torch.zeros(2, 100)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int = 96):
        super().__init__()
        check_size(shape, 32)
        self.shape = tuple(shape)
        wide, doubles = 8 * channels, {"stride": 2, "padding": 1, "output_padding": 1}
        layers = [
            nn.Linear(latent, wide * 16, bias=False),
            nn.BatchNorm1d(wide * 16),
            nn.ReLU(),
            nn.Unflatten(1, (wide, 4, 4)),
        ]
        for outputs in (4 * channels, 2 * channels, channels):
            convolution = nn.ConvTranspose2d(2 * outputs, outputs, 3, bias=False, **doubles)
            layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(channels, self.shape[0], 3, padding=1), nn.Tanh())
        dcgan_initialisation(self)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, 32, 32) in [-1, 1]."""
        return self.layers(z)


@register
class Discriminator(nn.Module):
    """Noise, four 3 x 3 convolutions with leaky ReLU and dropout, batch norm from the second on, pooled over pixels.

    Args:
        shape: (C, 32, 32) of the images.
        classes: number of logits.
        channels: of the feature map of 32 x 32; each coarser one has twice as many.
        noise: standard deviation of the noise on images.
        dropout: probability that a unit is set to 0.
        slope: of the leaky ReLU.

    Example:
        >>> import torch
        >>> Discriminator(shape=(3, 32, 32), classes=10, channels=2)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        channels: int = 64,
        noise: float = 0.1,
        dropout: float = 0.3,
        slope: float = 0.2,
    ):
        super().__init__()
        check_size(shape, 32)
        self.shape, self.classes = tuple(shape), classes
        layers = [GaussianNoise(noise), nn.Conv2d(self.shape[0], channels, 3, padding=1)]
        layers += [nn.LeakyReLU(slope), nn.Dropout(dropout)]
        for inputs in (channels, 2 * channels, 4 * channels):
            convolution = nn.Conv2d(inputs, 2 * inputs, 3, stride=2, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(2 * inputs), nn.LeakyReLU(slope), nn.Dropout(dropout)]
        self.trunk = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(8 * channels, classes)
        dcgan_initialisation(self)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, 32, 32) in [-1, 1] -> pooled features (B, 8 channels)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, 32, 32) in [-1, 1] -> logits (B, classes)."""
        return self.head(self.features(images))
