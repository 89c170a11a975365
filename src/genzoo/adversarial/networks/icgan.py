"""The networks of IcGAN: DCGAN's discriminator with planes of attributes, and an encoder.

Source: Guim3/IcGAN, trainGAN.lua, trainEncoder.lua: ``getEncoder``.
"""

from itertools import chain

from torch import Tensor, nn

from genzoo.adversarial.networks.conditional import with_planes
from genzoo.adversarial.networks.halving import halving_stages
from genzoo.adversarial.networks.sizes import halvings
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation


@register
class Discriminator(nn.Module):
    """DCGAN's discriminator, where a code's numbers are joined, as constant maps, with those of the first convolution.

    Args:
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        latent: width of the codes.
        channels: of the feature map at half resolution; each coarser one has twice as many.

    Example:
        >>> import torch
        >>> Discriminator(shape=(3, 32, 32), latent=5, channels=4)(torch.zeros(2, 3, 32, 32), torch.ones(2, 5)).shape
        torch.Size([2])
    """

    def __init__(self, shape: tuple[int, int, int], latent: int, channels: int = 64):
        super().__init__()
        self.shape, self.latent = tuple(shape), latent
        (first, *rest), features = halving_stages(self.shape, channels, kernel=4, norm="batch", joined=latent)
        self.first = nn.Sequential(*first)
        self.rest = nn.Sequential(*chain(*rest), nn.Flatten(), nn.Linear(features, 1))
        dcgan_initialisation(self)

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] and codes (B, latent) -> logits (B,)."""
        return self.rest(with_planes(self.first(images), codes)).squeeze(1)


@register
class Encoder(nn.Module):
    """Halving convolutions of 5 x 5 down to 4 x 4 pixels (7 x 7 for 28), a hidden layer, and a linear output.

    Args:
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        outputs: number of outputs.
        channels: of the feature map at half resolution; each coarser one has twice as many.
        hidden: width of the hidden layer; None = that of its input.

    Example:
        >>> import torch
        >>> Encoder(shape=(3, 64, 64), outputs=18, channels=4)(torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2, 18])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, channels: int = 32, hidden: int | None = None):
        super().__init__()
        self.shape = tuple(shape)
        times, size = halvings(self.shape)
        stages: list[nn.Module] = []
        inputs = self.shape[0]
        for width in (channels * 2**i for i in range(times)):
            stages += [nn.Conv2d(inputs, width, 5, 2, 2, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            inputs = width
        flat = inputs * size * size
        hidden = hidden or flat
        layers = [nn.Linear(flat, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU()]
        self.trunk = nn.Sequential(*stages, nn.Flatten(), *layers)
        self.head = nn.Linear(hidden, outputs)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> features (B, hidden)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> outputs (B, outputs)."""
        return self.head(self.trunk(images))
