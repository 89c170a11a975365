"""InfoGAN's networks for grey images of 64 x 64 pixels: 3-D chairs.

Source: arXiv 1606.03657, appendix C.5.

Layers before batch norm have no bias, which its shift would make redundant.
"""

from torch import Tensor, nn

from genzoo.adversarial.networks.infogan import projection
from genzoo.adversarial.networks.sizes import check_size
from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation


@register
class Generator(nn.Module):
    """Two fully connected layers, two convolutions at 8 x 8 and three transposed ones of stride 2, sigmoid output.

    The paper's transposed convolutions of stride 1 are convolutions here, which is equivalent up to mirrored kernels.

    Args:
        latent: width of the latent code.
        shape: (C, 64, 64) of the images.
        channels: of the feature map of 32 pixels; twice as many at 16, four times at 8.
        hidden: width of the first layer.

    Example:
        >>> import torch
        >>> Generator(latent=189, shape=(1, 64, 64), channels=2, hidden=8)(torch.zeros(2, 189)).shape
        torch.Size([2, 1, 64, 64])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int = 64, hidden: int = 1024):
        super().__init__()
        check_size(shape, 64)
        self.shape = tuple(shape)
        coarse = 4 * channels
        self.layers = nn.Sequential(
            *projection(latent, hidden, (coarse, 8, 8)),
            nn.Conv2d(coarse, coarse, 4, padding="same", bias=False),
            nn.BatchNorm2d(coarse),
            nn.ReLU(),
            nn.Conv2d(coarse, coarse, 4, padding="same", bias=False),
            nn.BatchNorm2d(coarse),
            nn.ReLU(),
            nn.ConvTranspose2d(coarse, 2 * channels, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * channels),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * channels, channels, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.ConvTranspose2d(channels, self.shape[0], 4, stride=2, padding=1),
        )
        dcgan_initialisation(self, truncated=True)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, 64, 64) in [-1, 1]: the mean of a Bernoulli."""
        return from_unit(self.layers(z).sigmoid())


@register
class Discriminator(nn.Module):
    """Three convolutions of stride 2, two of stride 1 and a fully connected layer; leaky ReLU of slope 0.1, batch norm
    from the second on.

    ``trunk`` computes the features that discriminator and Q share, ``head`` the logit.

    Args:
        shape: (C, 64, 64) of the images.
        channels: of the feature map of 32 pixels; twice as many at 16, four times at 8.
        hidden: width of the fully connected layer, the number of features.

    Example:
        >>> import torch
        >>> Discriminator(shape=(1, 64, 64), channels=2, hidden=8)(torch.zeros(2, 1, 64, 64)).shape
        torch.Size([2])
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64, hidden: int = 1024):
        super().__init__()
        check_size(shape, 64)
        self.shape = tuple(shape)
        coarse = 4 * channels
        layers: list[nn.Module] = [nn.Conv2d(self.shape[0], channels, 4, stride=2, padding=1), nn.LeakyReLU(0.1)]
        for inputs, outputs, stride in (
            (channels, 2 * channels, 2),
            (2 * channels, coarse, 2),
            (coarse, coarse, 1),
            (coarse, coarse, 1),
        ):
            padding = 1 if stride == 2 else "same"
            layers += [
                nn.Conv2d(inputs, outputs, 4, stride, padding, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.1),
            ]
        layers += [nn.Flatten(), nn.Linear(coarse * 64, hidden, bias=False), nn.BatchNorm1d(hidden), nn.LeakyReLU(0.1)]
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Linear(hidden, 1)
        dcgan_initialisation(self, truncated=True)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, 64, 64) in [-1, 1] -> features (B, hidden)."""
        return self.trunk(to_unit(images))

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, 64, 64) in [-1, 1] -> logits (B,)."""
        return self.head(self.features(images)).squeeze(1)
