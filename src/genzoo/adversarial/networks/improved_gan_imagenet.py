"""The networks of improved-gan for ImageNet at 128 x 128 pixels.

Layers before a normalisation have no bias, which the normalisation would make redundant.
"""

import math

import torch
from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import halvings
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Uniform
from genzoo.core.registry import register
from genzoo.nn.cross_batch_norm import CrossBatchNorm
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.nn.similarity import HalfSimilarity
from genzoo.nn.virtual_batch_norm import VirtualBatchNorm


def stages(shape: tuple[int, int, int], channels: int) -> tuple[list[int], list[tuple[int, int, int]]]:
    """The generator's feature maps, coarse to fine: their channels, and (C, H, W) of the noise concatenated to them.

    >>> stages((3, 128, 128), 64)[0], stages((3, 32, 32), 64)[1]
    ([512, 256, 128, 64, 64, 64], [(64, 4, 4), (64, 8, 8), (32, 16, 16), (16, 32, 32)])
    """
    doublings, size = halvings(shape)
    widths = [channels * max(8 >> i, 1) for i in range(doublings + 1)]
    noise = [max(channels >> min(max(i - 1, 0), 3), 1) for i in range(doublings + 1)]
    return widths, [(n, size << i, size << i) for i, n in enumerate(noise)]


@register
class NoiseMaps(Uniform):
    """The noise on [-1, 1] for the generator's feature maps of all resolutions, as one part of the latent.

    Args:
        shape: (C, H, W) of the images.
        channels: of the generator.

    Source: openai/improved-gan, imagenet/generator.py.

    Example:
        >>> NoiseMaps((3, 128, 128), channels=64).size
        193536
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64):
        super().__init__(sum(map(math.prod, stages(shape, channels)[1])))


@register
class Generator(nn.Module):
    """A projection to 4 x 4, transposed convolutions of stride 2 and one convolution at full resolution, with virtual
    batch norm and noise maps concatenated to the feature maps of each resolution.

    The reference batch consists of fixed codes, which each pass maps along with its input. Smaller images have fewer
    doublings.

    Args:
        latent: width of the codes: the projected part, then ``NoiseMaps``.
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: of the feature maps from 32 x 32 on; 8 times as many at 4 x 4.
        reference: number of fixed codes, on [-1, 1].

    Raises:
        GenzooError: the code is too small for the noise maps, or the image size is not accepted.

    Source: openai/improved-gan, imagenet/generator.py, train_imagenet.py (last layer's initial weights and bias).

    Example:
        >>> shape = (3, 128, 128)
        >>> z = torch.zeros(2, 10 + NoiseMaps(shape, channels=1).size)
        >>> Generator(z.shape[1], shape, channels=1, reference=2)(z).shape
        torch.Size([2, 3, 128, 128])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int = 64, reference: int = 16):
        super().__init__()
        self.shape = tuple(shape)
        widths, self.noise_shapes = stages(self.shape, channels)
        noise = [math.prod(noise_shape) for noise_shape in self.noise_shapes]
        self.widths_of_code = [latent - sum(noise), *noise]
        if self.widths_of_code[0] < 1:
            raise GenzooError(
                f"model.latent: its width {latent} must exceed the {sum(noise)} numbers of the noise maps, since the "
                "rest is projected; give it a part for each, and NoiseMaps the generator's shape and channels."
            )
        size = self.noise_shapes[0][1]
        project = nn.Linear(self.widths_of_code[0], widths[0] * size * size)
        layers = [nn.Sequential(project, nn.Unflatten(1, (widths[0], size, size)))]
        for width, (extra, *_), wider in zip(widths[1:], self.noise_shapes, widths, strict=False):
            layers.append(nn.ConvTranspose2d(wider + extra, width, 5, 2, 2, output_padding=1, bias=False))
        self.blocks = nn.ModuleList(
            nn.Sequential(layer, VirtualBatchNorm(width, reference), nn.ReLU())
            for layer, width in zip(layers, widths, strict=True)
        )
        self.output = nn.Conv2d(widths[-1] + self.noise_shapes[-1][0], self.shape[0], 5, padding=2)
        dcgan_initialisation(self)
        nn.init.normal_(self.output.weight, std=0.075)
        nn.init.constant_(self.output.bias, -0.45)
        self.register_buffer("reference", Uniform(latent).sample(reference))

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        x, *noise = torch.cat([self.reference, z]).split(self.widths_of_code, dim=1)
        for block, maps, shape in zip(self.blocks, noise, self.noise_shapes, strict=True):
            x = torch.cat([block(x), maps.unflatten(1, shape)], dim=1)
        return self.output(x[len(self.reference) :]).tanh()


@register
class Discriminator(nn.Module):
    """Seven convolutions and a hidden layer with cross batch norm, similarity features to both halves of the batch, and
    one logit per class and one for "generated".

    It needs real and generated images together. For smaller images, only the first of the strided layers halve.

    Args:
        shape: (C, H, W) of the images: 16, 28, 32, 64 or 128.
        classes: K; 0 or None = one class, "real".
        channels: of the first convolution; the hidden layer has 40 times as many units.
        kernels, dims: of ``HalfSimilarity``.
        noise: standard deviation of the noise on the images, in training and evaluation.

    Raises:
        GenzooError: the image size is not accepted.

    Source: openai/improved-gan, imagenet/discriminator.py.

    Example:
        >>> network = Discriminator((3, 128, 128), classes=10, channels=2, kernels=3, dims=2)
        >>> [tuple(logits.shape) for logits in network(torch.zeros(4, 3, 128, 128), torch.zeros(4, 3, 128, 128))]
        [(4, 11), (4, 11)]
    """

    strided = (0, 1, 2, 5, 6)  # indices of the convolutions that halve

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int | None,
        channels: int = 64,
        kernels: int = 300,
        dims: int = 50,
        noise: float = 0.1,
    ):
        super().__init__()
        self.shape, self.classes, self.noise = tuple(shape), classes, noise
        times, size = halvings(self.shape)
        if times > len(self.strided):
            raise GenzooError(
                f"model: this discriminator halves images five times at most, so data.size={shape[1]} is not possible; "
                "choose 128 or less."
            )
        layers: list[nn.Module] = []
        before = self.shape[0]
        for i, factor in enumerate((1, 2, 4, 4, 4, 8, 8)):
            width, stride = factor * channels, 2 if i in self.strided[:times] else 1
            layers += [nn.Conv2d(before, width, 3, stride, 1, bias=False), CrossBatchNorm(width), nn.LeakyReLU(0.2)]
            before = width
        hidden = 40 * channels
        layers += [nn.Flatten(), nn.Linear(before * size * size, hidden, bias=False)]
        self.trunk = nn.Sequential(*layers, CrossBatchNorm(hidden), nn.LeakyReLU(0.2))
        self.similarity = HalfSimilarity(hidden, kernels, dims)
        self.head = nn.Linear(hidden + 2 * kernels, (classes or 1) + 1)
        dcgan_initialisation(self, truncated=True)

    def forward(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Real and generated images (B, C, H, W) in [-1, 1] -> logits (B, K + 1) of each, "generated" last."""
        images = torch.cat([real, fake])
        features = self.trunk(images + self.noise * torch.randn_like(images))
        return self.head(torch.cat([features, self.similarity(features)], dim=1)).chunk(2)
