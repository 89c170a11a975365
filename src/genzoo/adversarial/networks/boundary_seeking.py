"""Boundary-seeking GAN's networks for binary images of 28 pixels.

Source: rdevon/BGAN, models/dcgan_28_pub.py; initial weights are Lasagne's defaults.

Layers before batch norm have no bias, which its shift would make redundant.
"""

from torch import Tensor, nn

from genzoo.adversarial.networks.infogan import projection, quarter
from genzoo.core.registry import register


def _initialise(network: nn.Module) -> None:
    """Glorot's uniform weights, biases 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


@register
class Generator(nn.Module):
    """Two fully connected and two transposed convolutional layers of kernel 5; batch norm and ReLU between.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images, H and W multiples of 4.
        channels: of the feature map at half resolution; twice as many at a quarter.
        hidden: width of the first fully connected layer.

    Example:
        >>> import torch
        >>> Generator(latent=64, shape=(1, 28, 28), channels=4, hidden=16)(torch.zeros(2, 64)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int = 64, hidden: int = 1024):
        super().__init__()
        self.shape = tuple(shape)
        self.layers = nn.Sequential(
            *projection(latent, hidden, (2 * channels, *quarter(self.shape))),
            nn.ConvTranspose2d(2 * channels, channels, 5, stride=2, padding=2, output_padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.ConvTranspose2d(channels, self.shape[0], 5, stride=2, padding=2, output_padding=1),
        )
        _initialise(self)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> logits of the pixels (B, C, H, W)."""
        return self.layers(z)


@register
class Discriminator(nn.Module):
    """Two convolutional layers of kernel 5 and stride 2 and a fully connected one, leaky ReLU, no batch norm.

    Args:
        shape: (C, H, W) of the images, H and W multiples of 4.
        channels: of the first layer; twice as many in the second.
        hidden: width of the fully connected layer.
        slope: of the leaky ReLU.

    Example:
        >>> import torch
        >>> Discriminator(shape=(1, 28, 28), channels=4, hidden=16)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2])
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64, hidden: int = 1024, slope: float = 0.2):
        super().__init__()
        self.shape = tuple(shape)
        height, width = quarter(self.shape)
        self.layers = nn.Sequential(
            nn.Conv2d(self.shape[0], channels, 5, stride=2, padding=2),
            nn.LeakyReLU(slope),
            nn.Conv2d(channels, 2 * channels, 5, stride=2, padding=2),
            nn.LeakyReLU(slope),
            nn.Flatten(),
            nn.Linear(2 * channels * height * width, hidden),
            nn.LeakyReLU(slope),
            nn.Linear(hidden, 1),
        )
        _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B,)."""
        return self.layers(images).squeeze(1)
