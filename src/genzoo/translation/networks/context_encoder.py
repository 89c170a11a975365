"""The networks of the context encoder.

Convolutions of 4 x 4 and stride 2 halve the map until its side is 4, or odd; transposed ones double it. The coarsest
map has 8 times ``channels``, each finer one half as many, but at least ``channels``. There are no biases.

Source: pathak22/context-encoder, train.lua (128 pixels: 64, 64, 128, 256, 512 maps; biases are set to 0 before each
    pass).
"""

from itertools import chain

from torch import Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.translation.networks.halving import halving_stages
from genzoo.translation.networks.sizes import halved

WIDEST = 8  #: multiple of ``channels`` of the coarsest map


def _widths(channels: int, n: int) -> list[int]:
    """The numbers of maps after each of n halvings.

    >>> _widths(64, 5), _widths(64, 2)
    ([64, 64, 128, 256, 512], [256, 512])
    """
    return [channels * max(1, WIDEST // 2 ** (n - 1 - i)) for i in range(n)]


def _encoder(inputs: int, side: int, channels: int, outputs: int) -> list[nn.Module]:
    """Layers from images (B, inputs, side, side) to (B, outputs, 1, 1)."""
    sides = halved(side, 1)
    widths = _widths(channels, len(sides))
    return [*chain(*halving_stages(inputs, widths)), nn.Conv2d(widths[-1], outputs, sides[-1], bias=False)]


@register
class EncoderDecoder(nn.Module):
    """Maps images to a vector, the bottleneck, and this to images of the same or of another size.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of channels of the result.
        side: height and width of the result; None = those of the images.
        channels: of the finest maps.
        bottleneck: width of the vector.

    Raises:
        GenzooError: a size cannot be halved, or a number is not positive.

    Source: Pathak et al. 2016, arXiv 1604.07379, section 3; pathak22/context-encoder, train.lua: netE, netG.

    Example:
        >>> import torch
        >>> network = EncoderDecoder(shape=(3, 64, 64), outputs=3, side=32, channels=2, bottleneck=8)
        >>> network(torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        side: int | None = None,
        channels: int = 64,
        bottleneck: int = 4000,
    ):
        super().__init__()
        check_positive("model.generator.channels", channels)
        check_positive("model.generator.bottleneck", bottleneck)
        self.shape, self.outputs = tuple(shape), outputs
        sides = halved(side or shape[1], 1)
        wide, *finer = reversed(_widths(channels, len(sides)))
        layers = _encoder(shape[0], shape[1], channels, bottleneck)
        layers += [nn.BatchNorm2d(bottleneck), nn.LeakyReLU(0.2)]
        layers += [nn.ConvTranspose2d(bottleneck, wide, sides[-1], bias=False), nn.BatchNorm2d(wide), nn.ReLU()]
        for narrow in finer:
            layers += [nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False), nn.BatchNorm2d(narrow), nn.ReLU()]
            wide = narrow
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(wide, outputs, 4, 2, 1, bias=False), nn.Tanh())
        dcgan_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> images (B, outputs, side, side) in [-1, 1]."""
        return self.layers(images)


@register
class ContextDiscriminator(nn.Module):
    """The encoder's layers, to one logit per image.

    Args:
        inputs: number of channels of the images.
        size: height and width of the images.
        channels: of the finest maps.

    Raises:
        GenzooError: the size cannot be halved.

    Source: pathak22/context-encoder, train.lua: netD.

    Example:
        >>> import torch
        >>> ContextDiscriminator(inputs=3, size=32, channels=2)(torch.zeros(5, 3, 32, 32)).shape
        torch.Size([5])
    """

    def __init__(self, inputs: int, size: int, channels: int = 64):
        super().__init__()
        self.layers = nn.Sequential(*_encoder(inputs, size, channels, 1), nn.Flatten(0))
        dcgan_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, inputs, size, size) in [-1, 1] -> logits (B,)."""
        return self.layers(images)
