"""The networks of CoGAN's digits, for images of 28 x 28 pixels.

Biases start at 0.1, slopes of PReLU at 0.25, weights uniformly with variance 4 / (fan in + fan out). Batch norm has
neither gains nor shifts.

Source: mingyuliutw/CoGAN, cogan_pytorch/src/net_cogan_mnist2usps.py, init.py.
"""

import math
from collections.abc import Mapping

from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.images import to_unit
from genzoo.core.registry import register

SIDE = 28  # pixels
FIRST, SECOND = 20, 50  #: feature maps of the discriminators' convolutions


def check_side(shape: tuple[int, int, int]) -> None:
    """Checks the size of images.

    Raises:
        GenzooError: it is not 28 x 28.
    """
    if tuple(shape[1:]) != (SIDE, SIDE):
        raise GenzooError(
            f"data.size: images of {shape[1]} x {shape[2]} pixels were given, but CoGAN's networks are for 28 x 28."
        )


def cogan_initialisation(network: nn.Module) -> None:
    """Initialises the weights and biases of convolutions and linear layers."""
    for m in network.modules():
        if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(m.weight, gain=math.sqrt(2))
            nn.init.constant_(m.bias, 0.1)


@register
class CoupledGenerator(nn.Module):
    """Maps a code to an image of each domain; only the last layers, which draw the details, are a domain's own.

    Args:
        latent: width of the codes.
        shapes: domain -> (C, 28, 28) of its images.
        channels: feature maps before the last layer; the earlier layers have 2, 4 and 8 times as many.

    Raises:
        GenzooError: images have another size.

    Example:
        >>> import torch
        >>> generator = CoupledGenerator(latent=5, shapes={"A": (1, 28, 28), "B": (3, 28, 28)}, channels=2)
        >>> {of: tuple(images.shape) for of, images in generator(torch.zeros(2, 5)).items()}
        {'A': (2, 1, 28, 28), 'B': (2, 3, 28, 28)}
    """

    def __init__(self, latent: int, shapes: Mapping[str, tuple[int, int, int]], channels: int = 128):
        super().__init__()
        layers: list[nn.Module] = []
        inputs, geometry = latent, (4, 1, 0)  # of 4 x 4 pixels, then 7, 13 and 25
        for multiple in (8, 4, 2, 1):
            wide = multiple * channels
            layers += [nn.ConvTranspose2d(inputs, wide, *geometry), nn.BatchNorm2d(wide, affine=False), nn.PReLU()]
            inputs, geometry = wide, (3, 2, 1)
        self.shared = nn.Sequential(*layers)
        for shape in shapes.values():
            check_side(shape)
        self.last = nn.ModuleDict({of: nn.ConvTranspose2d(channels, shape[0], 6, 1, 1) for of, shape in shapes.items()})
        cogan_initialisation(self)

    def forward(self, z: Tensor) -> dict[str, Tensor]:
        """Codes (B, latent) -> domain -> images (B, C, 28, 28) in [-1, 1]: a sigmoid of the range [0, 1]."""
        maps = self.shared(z[..., None, None])
        return {of: (layer(maps) / 2).tanh() for of, layer in self.last.items()}


@register
class CoupledDiscriminator(nn.Module):
    """The discriminators of the domains, of which only the first layers are a domain's own.

    Args:
        shapes: domain -> (C, 28, 28) of its images.
        width: number of features.

    Raises:
        GenzooError: images have another size.

    Example:
        >>> import torch
        >>> discriminator = CoupledDiscriminator(shapes={"A": (1, 28, 28), "B": (1, 28, 28)}, width=7)
        >>> features = discriminator.features(torch.zeros(2, 1, 28, 28), "B")
        >>> features.shape, discriminator.head(features).shape
        (torch.Size([2, 7]), torch.Size([2]))
    """

    def __init__(self, shapes: Mapping[str, tuple[int, int, int]], width: int = 500):
        super().__init__()
        for shape in shapes.values():
            check_side(shape)
        self.width = width
        self.first = nn.ModuleDict(
            {of: nn.Sequential(nn.Conv2d(shape[0], FIRST, 5), nn.MaxPool2d(2)) for of, shape in shapes.items()}
        )
        self.shared = nn.Sequential(
            nn.Conv2d(FIRST, SECOND, 5), nn.MaxPool2d(2), nn.Conv2d(SECOND, width, 4), nn.PReLU()
        )
        self.outputs = nn.Conv2d(width, 2, 1)
        cogan_initialisation(self)

    def features(self, images: Tensor, domain: str) -> Tensor:
        """Images (B, C, 28, 28) of a domain, in [-1, 1] -> features (B, width)."""
        return self.shared(self.first[domain](to_unit(images))).flatten(1)

    def head(self, features: Tensor) -> Tensor:
        """Features (B, width) -> logits (B,): differences of two outputs, as of a softmax of two classes."""
        fake, real = self.outputs(features[..., None, None]).flatten(1).unbind(1)
        return real - fake
