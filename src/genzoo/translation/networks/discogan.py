"""The networks of DiscoGAN.

Convolutions of 4 x 4 and stride 2 halve the map until its side is 4, or odd. There are no biases; weights are torch's.

Source: SKTBrain/DiscoGAN, discogan/model.py.
"""

from torch import Tensor, nn

from genzoo.core.registry import register
from genzoo.translation.networks.halving import halving_stages
from genzoo.translation.networks.sizes import halved

WIDEST = 8  #: multiple of ``channels`` at low resolutions


def widths_of(channels: int, side: int) -> list[int]:
    """The numbers of maps after each halving of images with this side."""
    return [channels * min(2**i, WIDEST) for i in range(len(halved(side, 2)))]


@register
class DiscoTranslator(nn.Module):
    """Halving convolutions, and transposed ones back to a sigmoid, the tanh of half the value in [-1, 1].

    Args:
        shape: (C, H, W) of the images.
        outputs: number of channels of the result.
        channels: of the first map; each further one has twice as many, up to 8 times.

    Raises:
        GenzooError: the images are no squares that can be halved twice.

    Example:
        >>> import torch
        >>> DiscoTranslator(shape=(1, 28, 28), outputs=3, channels=2)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 3, 28, 28])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, channels: int = 64):
        super().__init__()
        self.shape, self.outputs = tuple(shape), outputs
        widths = widths_of(channels, shape[1])
        layers = halving_stages(shape[0], widths)
        for wide, narrow in zip(widths[:0:-1], widths[-2::-1], strict=True):
            layers += [nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False), nn.BatchNorm2d(narrow), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(widths[0], outputs, 4, 2, 1, bias=False))

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> images (B, outputs, H, W) in [-1, 1]."""
        return (self.layers(images) / 2).tanh()


@register
class DiscoDiscriminator(nn.Module):
    """Halving convolutions, of which all outputs but the first are feature maps, and one to a logit per image.

    Args:
        inputs: number of channels of the images.
        size: height and width of the images.
        channels: as for ``DiscoTranslator``.

    Raises:
        GenzooError: the size cannot be halved twice.

    Example:
        >>> import torch
        >>> network = DiscoDiscriminator(inputs=3, size=64, channels=2)
        >>> images = torch.zeros(2, 3, 64, 64)
        >>> network(images).shape, [x.shape[1] for x in network.feature_maps(images)]
        (torch.Size([2]), [4, 8, 16])
    """

    def __init__(self, inputs: int, size: int, channels: int = 64):
        super().__init__()
        widths = widths_of(channels, size)
        self.stages = nn.ModuleList(halving_stages(inputs, widths))
        self.head = nn.Conv2d(widths[-1], 1, halved(size, 2)[-1], bias=False)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) in [-1, 1] -> the outputs of all stages but the first."""
        maps = [images]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps[2:]

    def logits(self, maps: list[Tensor]) -> Tensor:
        """Feature maps -> logits (B,)."""
        return self.head(maps[-1]).flatten()

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B,)."""
        return self.logits(self.feature_maps(images))
