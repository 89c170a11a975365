"""ALI's convolutional networks for CIFAR-10.

Source: Dumoulin et al. 2017, arXiv 1606.00704, table 3; IshmaelBelghazi/ALI, experiments/ali_cifar10.py: running
averages of batch norm with 0.05. No convolution is padded: 32, 28, 13, 10, 4 and 1 pixels.
"""

import torch
from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import check_size
from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register
from genzoo.nn.initialisation import normal_initialisation
from genzoo.nn.maxout import ChannelMaxout

SLOPE = 0.1  # of the leaky ReLU
MOMENTUM = 0.05  # of the running averages of batch norm
PIECES = 2  # channels per maxout unit
DOWN = ((5, 1, 1), (4, 2, 2), (4, 1, 4), (4, 2, 8), (4, 1, 16))  # kernel, stride, width in multiples of ``channels``
UP = ((4, 1, 8), (4, 2, 4), (4, 1, 2), (4, 2, 1), (5, 1, 1), (1, 1, 1))


def _activated(layer: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    norm = nn.BatchNorm2d(layer.out_channels, momentum=MOMENTUM)
    return nn.Sequential(layer, norm, nn.LeakyReLU(SLOPE))


@register
class ConvGenerator(nn.Module):
    """Transposed convolutions with batch norm and leaky ReLU, and a sigmoid output with a bias per pixel.

    Args:
        latent: width of the latent code.
        shape: (C, 32, 32) of the images.
        channels: width of the last hidden layers.
        std: standard deviation of the initial weights.

    Example:
        >>> ConvGenerator(latent=64, shape=(3, 32, 32), channels=2)(torch.zeros(2, 64)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int = 32, std: float = 0.01):
        super().__init__()
        check_size(shape, 32)
        self.shape, inputs = tuple(shape), latent
        self.layers = nn.Sequential(nn.Unflatten(1, (latent, 1, 1)))
        for kernel, stride, width in UP:
            self.layers.append(_activated(nn.ConvTranspose2d(inputs, width * channels, kernel, stride, bias=False)))
            inputs = width * channels
        self.last = nn.Conv2d(inputs, self.shape[0], 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(self.shape))
        normal_initialisation(self, std)

    def initialise(self, images: Tensor) -> None:
        """Sets the output biases to the log-odds of the mean of the first 500 training images.

        Args:
            images: in [-1, 1], (N, C, H, W).
        """
        mean = to_unit(images[:500]).mean(0).clamp(1e-7, 1 - 1e-7)
        with torch.no_grad():
            self.bias.copy_(mean.logit())

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, 32, 32) in [-1, 1]."""
        return from_unit((self.last(self.layers(z)) + self.bias).sigmoid())


@register
class ConvEncoder(nn.Module):
    """Convolutions with batch norm and leaky ReLU, the last three of which are its ``features``, and a linear output.

    Args:
        shape: (C, 32, 32) of the images.
        outputs: number of outputs.
        noise: channels of noise in the input.
        channels: width of the first layer.
        std: standard deviation of the initial weights.

    Example:
        >>> ConvEncoder(shape=(3, 32, 32), outputs=128, channels=2)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 128])
    """

    def __init__(
        self, shape: tuple[int, int, int], outputs: int, noise: int = 0, channels: int = 32, std: float = 0.01
    ):
        super().__init__()
        check_size(shape, 32)
        self.shape, inputs = tuple(shape), shape[0] + noise
        self.layers = nn.ModuleList()
        for kernel, stride, width in (*DOWN, (1, 1, 16)):
            self.layers.append(_activated(nn.Conv2d(inputs, width * channels, kernel, stride, bias=False)))
            inputs = width * channels
        self.head = nn.Linear(inputs, outputs)
        normal_initialisation(self, std)

    def hidden(self, images: Tensor) -> list[Tensor]:
        """Images (B, C + noise, 32, 32) in [-1, 1] -> each hidden layer (B, C', H', W')."""
        maps = [to_unit(images)]
        for layer in self.layers:
            maps.append(layer(maps[-1]))
        return maps[1:]

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C + noise, 32, 32) in [-1, 1] -> the last three hidden layers (B, 160 channels)."""
        return torch.cat([layer.flatten(1) for layer in self.hidden(images)[-3:]], 1)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C + noise, 32, 32) in [-1, 1] -> outputs (B, outputs)."""
        return self.head(self.hidden(images)[-1].flatten(1))


@register
class ConvDiscriminator(nn.Module):
    """Maxout convolutions on the image, maxout layers on the code, then on both; dropout before each layer.

    Args:
        shape: (C, 32, 32) of the images.
        latent: width of the codes.
        channels: channels of the first convolution, of which maxout leaves half.
        std: standard deviation of the initial weights.

    Example:
        >>> discriminator = ConvDiscriminator(shape=(3, 32, 32), latent=64, channels=2)
        >>> discriminator(torch.zeros(2, 3, 32, 32), torch.zeros(2, 64)).shape
        torch.Size([2])
    """

    def __init__(self, shape: tuple[int, int, int], latent: int, channels: int = 32, std: float = 0.01):
        super().__init__()
        check_size(shape, 32)
        self.shape, self.latent = tuple(shape), latent
        wide, inputs = 16 * channels, self.shape[0]
        image: list[nn.Module] = []
        for kernel, stride, width in DOWN:
            convolution = nn.Conv2d(inputs, width * channels, kernel, stride)
            image += [nn.Dropout(0.5 if image else 0.2), convolution, ChannelMaxout(PIECES)]
            inputs = width * channels // PIECES
        self.image = nn.Sequential(*image, nn.Flatten())
        self.code = nn.Sequential(
            *(nn.Dropout(0.2), nn.Linear(latent, wide), ChannelMaxout(PIECES)),
            *(nn.Dropout(0.5), nn.Linear(wide // PIECES, wide), ChannelMaxout(PIECES)),
        )
        self.joint = nn.Sequential(
            *(nn.Dropout(0.5), nn.Linear(2 * wide // PIECES, 2 * wide), ChannelMaxout(PIECES)),
            *(nn.Dropout(0.5), nn.Linear(2 * wide // PIECES, 2 * wide), ChannelMaxout(PIECES)),
            *(nn.Dropout(0.5), nn.Linear(2 * wide // PIECES, 1)),
        )
        normal_initialisation(self, std)

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        """Images (B, C, 32, 32) in [-1, 1] and codes (B, latent) -> logits (B,)."""
        return self.joint(torch.cat([self.image(to_unit(images)), self.code(codes)], 1)).squeeze(1)
