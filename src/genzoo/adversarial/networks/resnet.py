"""The residual networks of WGAN-GP and SN-GAN.

Source: igul222/improved_wgan_training, gan_cifar_resnet.py; pfnet-research/sngan_projection, gen_models/resnet_32.py
and dis_models/snresnet_32.py.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.sizes import halvings
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.nn.initialisation import glorot_initialisation
from genzoo.nn.normalisation import check_norm, convolution, linear, normalisation


class UpBlock(nn.Module):
    """norm - ReLU - double - conv - norm - ReLU - conv, plus the doubled input through a 1 x 1 convolution."""

    def __init__(self, channels: int, norm: str):
        super().__init__()
        self.before, self.between = normalisation(norm, channels), normalisation(norm, channels)
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.shortcut = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, h, w) -> (B, channels, 2 h, 2 w)."""
        residual = self.first(_doubled(F.relu(self.before(x))))
        residual = self.second(F.relu(self.between(residual)))
        return residual + self.shortcut(_doubled(x))


class DownBlock(nn.Module):
    """norm - ReLU - conv - norm - ReLU - conv - halve, plus the halved input through a 1 x 1 convolution.

    Args:
        inputs, outputs: channels.
        norm: see ``genzoo.nn.normalisation``.
        first: whether this is the network's first block, which starts with the convolution, without norm and ReLU.
        halve: whether the resolution is halved; otherwise the shortcut is the identity.
    """

    def __init__(self, inputs: int, outputs: int, norm: str, first: bool = False, halve: bool = True):
        super().__init__()
        conv = convolution(norm)
        self.is_first, self.halve = first, halve
        self.before = nn.Identity() if first else normalisation(norm, inputs)
        self.first, self.between = conv(inputs, outputs, 3, padding=1), normalisation(norm, outputs)
        self.second = conv(outputs, outputs, 3, padding=1)
        self.shortcut = conv(inputs, outputs, 1) if halve else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, outputs, h', w')."""
        residual = self.first(x if self.is_first else F.relu(self.before(x)))
        residual = self.second(F.relu(self.between(residual)))
        if not self.halve:
            return residual + x
        # Mean pooling and a 1 x 1 convolution commute, so both originals' orders in the shortcut are equivalent.
        return F.avg_pool2d(residual, 2) + self.shortcut(F.avg_pool2d(x, 2))


@register
class Generator(nn.Module):
    """A projection to 4 x 4 (7 x 7 for 28 pixels) and residual blocks that double the resolution.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: of every feature map.
        norm: ``"batch"``, ``"layer"``, ``"instance"`` or ``"none"``.

    Example:
        >>> import torch
        >>> Generator(latent=128, shape=(3, 32, 32), channels=4)(torch.zeros(2, 128)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int = 128, norm: str = "batch"):
        super().__init__()
        check_norm("model.generator.norm", norm, spectral=False)
        self.shape = tuple(shape)
        doublings, size = halvings(self.shape)
        self.layers = nn.Sequential(
            nn.Linear(latent, channels * size * size),
            nn.Unflatten(1, (channels, size, size)),
            *(UpBlock(channels, norm) for _ in range(doublings)),
            normalisation(norm, channels),
            nn.ReLU(),
            nn.Conv2d(channels, self.shape[0], 3, padding=1),
            nn.Tanh(),
        )
        glorot_initialisation(self)
        nn.init.xavier_uniform_(self.layers[-2].weight)  # gain 1 before the tanh

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return self.layers(z)


@register
class Discriminator(nn.Module):
    """Residual blocks, the first ones halving down to 8 pixels (7 for 28), pooling and a linear output.

    Args:
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: of every feature map.
        norm: ``"layer"``, ``"instance"``, ``"spectral"`` (of all weights), ``"batch"`` or ``"none"``.
        pooling: over pixels: ``"mean"`` (WGAN-GP) or ``"sum"`` (SN-GAN).

    Example:
        >>> import torch
        >>> Discriminator(shape=(3, 32, 32), channels=4)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2])
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 128, norm: str = "none", pooling: str = "mean"):
        super().__init__()
        check_norm("model.discriminator.norm", norm)
        if pooling not in ("mean", "sum"):
            raise GenzooError(f"model.discriminator.pooling={pooling!r} is unknown. Accepted: mean, sum.")
        self.shape, self.pooling = tuple(shape), pooling
        times, smallest = halvings(self.shape)
        halving = times - (smallest == 4)  # the smallest maps are 8 x 8, or 7 x 7
        self.blocks = nn.ModuleList(
            [
                DownBlock(self.shape[0], channels, norm, first=True),
                *(DownBlock(channels, channels, norm) for _ in range(halving - 1)),
                *(DownBlock(channels, channels, norm, halve=False) for _ in range(2)),
            ]
        )
        self.head = linear(norm)(channels, 1, bias=norm != "spectral")
        glorot_initialisation(self)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> features (B, channels)."""
        last = F.relu(self.feature_maps(images)[-1])
        return last.mean((2, 3)) if self.pooling == "mean" else last.sum((2, 3))

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) in [-1, 1] -> outputs of the blocks."""
        maps = [images]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        return maps[1:]

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> scores (B,)."""
        return self.head(self.features(images)).squeeze(1)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2)
