"""The networks of GeneGAN.

Source: Prinsphield/GeneGAN, model.py: ``splitter``, ``joiner``, ``discriminator``; batch norm as in TensorFlow's
``tf.layers.batch_normalization``.
"""

from functools import partial

from torch import Tensor, cat, nn

from genzoo.core.errors import GenzooError
from genzoo.core.images import to_unit
from genzoo.core.registry import register
from genzoo.nn.initialisation import normal_initialisation
from genzoo.translation.networks.halving import halving_stages

BatchNorm = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
STD = 0.02  # of initial weights


@register
class Splitter(nn.Module):
    """Three halving convolutions, whose last maps are the attribute's code and the others that of all else.

    Args:
        shape: (C, H, W) of the images; H and W are multiples of 8, from 16 on.
        channels: of the first map; the last has four times as many.
        share: share of the maps that are the attribute's.

    Raises:
        GenzooError: the size is another one, or one of both codes would have no map.

    Example:
        >>> import torch
        >>> rest, attribute = Splitter(shape=(3, 64, 64), channels=4)(torch.zeros(2, 3, 64, 64))
        >>> rest.shape, attribute.shape
        (torch.Size([2, 12, 8, 8]), torch.Size([2, 4, 8, 8]))
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 128, share: float = 0.25):
        super().__init__()
        inputs, *sides = shape
        if any(side % 8 or side < 16 for side in sides):
            raise GenzooError(f"data.size={sides[0]}: this model needs a multiple of 8, from 16 on.")
        maps = 4 * channels
        self.attribute_maps = int(maps * share)
        if not 0 < self.attribute_maps < maps:
            raise GenzooError(f"model.splitter.share={share}: a share between 0 and 1 of the {maps} maps is needed.")
        self.shape = tuple(shape)
        self.code = self.attribute_maps, sides[0] // 8, sides[1] // 8  #: shape of the attribute's code
        self.layers = nn.Sequential(*halving_stages(inputs, [channels, 2 * channels, maps], BatchNorm))
        normal_initialisation(self, STD)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) in [-1, 1] -> the codes of all else and of the attribute, (B, maps, H / 8, W / 8)."""
        maps = self.layers(to_unit(images))
        return maps[:, : -self.attribute_maps], maps[:, -self.attribute_maps :]


@register
class Joiner(nn.Module):
    """Three transposed convolutions of both codes, and a hyperbolic tangent.

    Args:
        outputs: number of channels of the images.
        channels: as for ``Splitter``.

    Example:
        >>> import torch
        >>> Joiner(outputs=3, channels=4)(torch.zeros(2, 12, 8, 8), torch.zeros(2, 4, 8, 8)).shape
        torch.Size([2, 3, 64, 64])
    """

    def __init__(self, outputs: int, channels: int = 128):
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((4, 4), (4, 2)):
            layers.append(nn.ConvTranspose2d(before * channels, after * channels, 4, 2, 1, bias=False))
            layers += [BatchNorm(after * channels), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(2 * channels, outputs, 4, 2, 1), nn.Tanh())
        normal_initialisation(self, STD)

    def forward(self, rest: Tensor, attribute: Tensor) -> Tensor:
        """The codes of all else and of the attribute -> images (B, C, H, W) in [-1, 1]."""
        return self.layers(cat([rest, attribute], 1))


@register
class Critic(nn.Module):
    """Four halving convolutions and a linear output.

    Args:
        inputs: number of channels of the images.
        size: height and width of the images.
        channels: of the first map; the last two have four times as many.

    Example:
        >>> import torch
        >>> Critic(inputs=3, size=64, channels=4)(torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2])
    """

    def __init__(self, inputs: int, size: int, channels: int = 128):
        super().__init__()
        stages = halving_stages(inputs, [channels, 2 * channels, 4 * channels, 4 * channels], BatchNorm)
        self.layers = nn.Sequential(*stages, nn.Flatten(), nn.Linear(4 * channels * (size // 16) ** 2, 1))
        normal_initialisation(self, STD)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> scores (B,)."""
        return self.layers(to_unit(images)).squeeze(1)
