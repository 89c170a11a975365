"""InfoGAN's networks for colour images of 32 x 32 pixels: SVHN and CelebA.

Source: arXiv 1606.03657, appendices C.2 and C.3.

Layers before batch norm have no bias, which its shift would make redundant.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import check_size
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation


@register
class Generator(nn.Module):
    """A projection to 2 x 2 and four transposed convolutions of stride 2; batch norm in the first two layers only.

    Args:
        latent: width of the latent code.
        shape: (C, 32, 32) of the images.
        channels: of the feature maps of 2, 4, 8 and 16 pixels.

    Example:
        >>> import torch
        >>> Generator(latent=168, shape=(3, 32, 32), channels=(8, 4, 4, 2))(torch.zeros(2, 168)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: Sequence[int] = (448, 256, 128, 64)):
        super().__init__()
        check_size(shape, 32)
        self.shape = tuple(shape)
        a, b, c, d = channels
        self.layers = nn.Sequential(
            nn.Linear(latent, a * 4, bias=False),
            nn.BatchNorm1d(a * 4),
            nn.ReLU(),
            nn.Unflatten(1, (a, 2, 2)),
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(b),
            nn.ReLU(),
            nn.ConvTranspose2d(b, c, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(c, d, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(d, self.shape[0], 4, stride=2, padding=1),
            nn.Tanh(),
        )
        dcgan_initialisation(self, truncated=True)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, 32, 32) in [-1, 1]."""
        return self.layers(z)


@register
class Discriminator(nn.Module):
    """Three convolutions of stride 2, leaky ReLU of slope 0.1, batch norm from the second on.

    ``trunk`` computes the features that discriminator and Q share, ``head`` the logit.

    Args:
        shape: (C, 32, 32) of the images.
        channels: of the feature maps of 16, 8 and 4 pixels.

    Example:
        >>> import torch
        >>> Discriminator(shape=(3, 32, 32), channels=(2, 4, 8))(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2])
    """

    def __init__(self, shape: tuple[int, int, int], channels: Sequence[int] = (64, 128, 256)):
        super().__init__()
        check_size(shape, 32)
        self.shape = tuple(shape)
        a, b, c = channels
        self.trunk = nn.Sequential(
            nn.Conv2d(self.shape[0], a, 4, stride=2, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(a, b, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(b),
            nn.LeakyReLU(0.1),
            nn.Conv2d(b, c, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(c),
            nn.LeakyReLU(0.1),
            nn.Flatten(),
        )
        self.head = nn.Linear(c * 16, 1)
        dcgan_initialisation(self, truncated=True)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, 32, 32) in [-1, 1] -> features (B, F)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, 32, 32) in [-1, 1] -> logits (B,)."""
        return self.head(self.features(images)).squeeze(1)
