"""BEGAN's networks: a decoder as generator, an autoencoder as discriminator.

Source: arXiv 1703.10717, section 3.5 and figure 1.
"""

from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import halvings
from genzoo.core.registry import register


def _decoder(latent: int, shape: tuple[int, int, int], channels: int) -> nn.Sequential:
    """A projection, then two 3 x 3 convolutions per resolution, with nearest-neighbour doubling; linear output."""
    doublings, size = halvings(shape)
    doublings, size = (doublings - 1, 8) if size == 4 else (doublings, size)  # the original's smallest maps are 8 x 8
    layers: list[nn.Module] = [nn.Linear(latent, channels * size * size), nn.Unflatten(1, (channels, size, size))]
    for i in range(doublings + 1):
        layers += [nn.Upsample(scale_factor=2)] if i else []
        for _ in range(2):
            layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ELU()]
    return nn.Sequential(*layers, nn.Conv2d(channels, shape[0], 3, padding=1))


@register
class Generator(nn.Module):
    """The decoder of BEGAN, applied to the latent code.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: number of channels of every feature map, the paper's n.

    Example:
        >>> import torch
        >>> Generator(latent=64, shape=(3, 32, 32), channels=4)(torch.zeros(2, 64)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int = 64):
        super().__init__()
        self.shape = tuple(shape)
        self.layers = _decoder(latent, self.shape, channels)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W), which are not limited to [-1, 1]."""
        return self.layers(z)


@register
class Autoencoder(nn.Module):
    """An encoder with ``channels`` more channels after each halving, a linear code, and the decoder.

    Args:
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: n; the feature maps have n, 2n, 3n ... channels from the finest to the coarsest.
        code: width of the hidden code.

    Example:
        >>> import torch
        >>> Autoencoder(shape=(3, 32, 32), channels=4)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64, code: int = 64):
        super().__init__()
        self.shape = tuple(shape)
        times, size = halvings(self.shape)
        times, size = (times - 1, 8) if size == 4 else (times, size)
        layers: list[nn.Module] = [nn.Conv2d(self.shape[0], channels, 3, padding=1), nn.ELU()]
        for i in range(1, times + 2):
            wider = (i + 1) * channels if i <= times else i * channels
            layers += [nn.Conv2d(i * channels, i * channels, 3, padding=1), nn.ELU()]
            layers += [nn.Conv2d(i * channels, wider, 3, stride=2 if i <= times else 1, padding=1), nn.ELU()]
        self.encoder = nn.Sequential(*layers, nn.Flatten(), nn.Linear((times + 1) * channels * size * size, code))
        self.decoder = _decoder(code, self.shape, channels)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> their reconstructions, of the same shape."""
        return self.decoder(self.encoder(images))
