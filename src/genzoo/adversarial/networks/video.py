"""VGAN's networks, of videos with half as many frames as pixels along a side.

Source: Vondrick et al. 2016, arXiv 1609.02612, section 3; cvondrick/videogan, main.lua: weights N(0, 0.01²),
    gains of batch norm N(1, 0.02²), ε of the discriminator's batch norm 1e-3.
"""

from itertools import pairwise

from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import widths
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation

COARSEST = (2, 4, 4)  # frames and pixels
STD = 0.01  # of the initial weights
Shape = tuple[int, int, int, int]


@register
class Generator(nn.Module):
    """A moving foreground f, a mask m and a still background b of one code: m f + (1 - m) b.

    Args:
        latent: width of the code.
        shape: (C, T, H, W) of the videos.
        channels: of the maps at half resolution; each coarser one has twice as many.

    Raises:
        GenzooError: the shape is not possible.

    Example:
        >>> import torch
        >>> Generator(latent=100, shape=(1, 16, 32, 32), channels=4)(torch.zeros(2, 100)).shape
        torch.Size([2, 1, 16, 32, 32])
    """

    def __init__(self, latent: int, shape: Shape, channels: int = 64):
        super().__init__()
        self.shape = tuple(shape)
        maps = widths(shape, channels, COARSEST)[::-1]
        moving: list[nn.Module] = [nn.Unflatten(1, (latent, 1, 1, 1)), nn.ConvTranspose3d(latent, maps[0], (2, 4, 4))]
        still: list[nn.Module] = [nn.Unflatten(1, (latent, 1, 1)), nn.ConvTranspose2d(latent, maps[0], 4)]
        for before, after in pairwise(maps):
            moving += [nn.BatchNorm3d(before), nn.ReLU(), nn.ConvTranspose3d(before, after, 4, 2, 1)]
            still += [nn.BatchNorm2d(before), nn.ReLU(), nn.ConvTranspose2d(before, after, 4, 2, 1)]
        moving += [nn.BatchNorm3d(maps[-1]), nn.ReLU()]
        still += [nn.BatchNorm2d(maps[-1]), nn.ReLU(), nn.ConvTranspose2d(maps[-1], shape[0], 4, 2, 1), nn.Tanh()]
        self.moving, self.background = nn.Sequential(*moving), nn.Sequential(*still)
        self.foreground = nn.Sequential(nn.ConvTranspose3d(maps[-1], shape[0], 4, 2, 1), nn.Tanh())
        self.mask = nn.Sequential(nn.ConvTranspose3d(maps[-1], 1, 4, 2, 1), nn.Sigmoid())
        dcgan_initialisation(self, STD)

    def streams(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """m (B, 1, T, H, W) in [0, 1], f (B, C, T, H, W) and b (B, C, 1, H, W) in [-1, 1] of codes (B, latent)."""
        moving = self.moving(z)
        return self.mask(moving), self.foreground(moving), self.background(z).unsqueeze(2)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> videos (B, C, T, H, W) in [-1, 1]."""
        return composed(*self.streams(z))


def composed(mask: Tensor, foreground: Tensor, background: Tensor) -> Tensor:
    """m f + (1 - m) b; the background is the same in all frames."""
    return mask * foreground + (1 - mask) * background


@register
class Discriminator(nn.Module):
    """Convolutions of stride 2 down to 2 frames of 4 x 4, batch norm but in the first, leaky ReLU, two outputs.

    Their difference is the logit of "real", so that its logistic loss is the outputs' cross-entropy.

    Args:
        shape: (C, T, H, W) of the videos.
        channels: of the map at half resolution; each coarser one has twice as many.

    Raises:
        GenzooError: the shape is not possible.

    Example:
        >>> import torch
        >>> Discriminator(shape=(1, 16, 32, 32), channels=4)(torch.zeros(2, 1, 16, 32, 32)).shape
        torch.Size([2])
    """

    def __init__(self, shape: Shape, channels: int = 64):
        super().__init__()
        self.shape = tuple(shape)
        maps = widths(shape, channels, COARSEST)
        layers: list[nn.Module] = [nn.Conv3d(shape[0], maps[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for before, after in pairwise(maps):
            layers += [nn.Conv3d(before, after, 4, 2, 1), nn.BatchNorm3d(after, eps=1e-3), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv3d(maps[-1], 2, (2, 4, 4)), nn.Flatten())
        dcgan_initialisation(self, STD)

    def forward(self, videos: Tensor) -> Tensor:
        """Videos (B, C, T, H, W) in [-1, 1] -> logits (B,)."""
        fake, real = at_least_float32(self.layers(videos)).unbind(1)
        return real - fake
