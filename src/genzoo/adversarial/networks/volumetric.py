"""3D-GAN's networks, of volumes whose sides are powers of two."""

from itertools import pairwise

from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import widths
from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register

COARSEST = (4, 4, 4)  # cells


@register
class Generator(nn.Module):
    """Transposed convolutions from a code to 4 cells a side, then of stride 2; batch norm, ReLU, a sigmoid at the end.

    Args:
        latent: width of the code.
        shape: (C, D, H, W) of the volumes; sides of 8 to 128 cells.
        channels: of the map at half resolution; each coarser one has twice as many.

    Raises:
        GenzooError: the sides are not possible.

    Source: Wu et al. 2016, arXiv 1610.07584; zck119/3dgan-release, main.lua: no biases.

    Example:
        >>> import torch
        >>> Generator(latent=200, shape=(1, 16, 16, 16), channels=4)(torch.zeros(2, 200)).shape
        torch.Size([2, 1, 16, 16, 16])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int, int], channels: int = 64):
        super().__init__()
        self.shape = tuple(shape)
        maps = widths(self.shape, channels, COARSEST)[::-1]
        layers: list[nn.Module] = [nn.Unflatten(1, (latent, 1, 1, 1))]
        layers += [nn.ConvTranspose3d(latent, maps[0], 4, bias=False), nn.BatchNorm3d(maps[0]), nn.ReLU()]
        for before, after in pairwise(maps):
            layers += [nn.ConvTranspose3d(before, after, 4, 2, 1, bias=False), nn.BatchNorm3d(after), nn.ReLU()]
        layers += [nn.ConvTranspose3d(maps[-1], self.shape[0], 4, 2, 1, bias=False), nn.Sigmoid()]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> volumes (B, C, D, H, W) in [-1, 1], which are in [0, 1] inside."""
        return from_unit(self.layers(z))


@register
class Discriminator(nn.Module):
    """The generator's mirror: convolutions of stride 2 down to 4 cells a side, batch norm, leaky ReLU, a logit.

    Args:
        shape: (C, D, H, W) of the volumes; sides of 8 to 128 cells.
        channels: of the map at half resolution; each coarser one has twice as many.

    Raises:
        GenzooError: the sides are not possible.

    Source: Wu et al. 2016, arXiv 1610.07584.
    """

    def __init__(self, shape: tuple[int, int, int, int], channels: int = 64):
        super().__init__()
        self.shape = tuple(shape)
        maps = [self.shape[0], *widths(self.shape, channels, COARSEST)]
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv3d(before, after, 4, 2, 1, bias=False), nn.BatchNorm3d(after), nn.LeakyReLU(0.2))
            for before, after in pairwise(maps)
        )
        self.head = nn.Conv3d(maps[-1], 1, 4, bias=False)

    def feature_maps(self, volumes: Tensor) -> list[Tensor]:
        """Volumes (B, C, D, H, W) in [-1, 1] -> the outputs of all layers but the last."""
        maps = [to_unit(volumes)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps[1:]

    def forward(self, volumes: Tensor) -> Tensor:
        """Volumes (B, C, D, H, W) in [-1, 1] -> logits (B,)."""
        return self.head(self.feature_maps(volumes)[-1]).flatten()
