"""Improved GAN's convolutional networks for CIFAR-10 and SVHN.

Source: openai/improved-gan, mnist_svhn_cifar10/train_cifar_feature_matching.py, train_svhn_feature_matching.py and the
two scripts of minibatch discrimination. Images are (x - 127.5) / 128 there (SVHN: / 127.5), here in [-1, 1].
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import check_size
from genzoo.core.latent import Uniform
from genzoo.core.registry import register
from genzoo.nn.minibatch import MinibatchDiscrimination
from genzoo.nn.normalisation import shift_only
from genzoo.nn.virtual_batch_norm import VirtualBatchNorm
from genzoo.nn.weight_norm import WeightNormConv2d, WeightNormConvTranspose2d, WeightNormLinear


def _normal(network: nn.Module, std: float = 0.05) -> None:
    """Initialises weights from N(0, std²)."""
    for m in network.modules():
        if isinstance(m, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(m.weight, std=std)


@register
class ConvGenerator(nn.Module):
    """A projection to 4 x 4 and transposed 5 x 5 convolutions; batch norm without gain, ReLU, tanh output.

    Args:
        latent: width of the latent code.
        shape: (C, 32, 32) of the images.
        channels: of the feature map of 16 x 16; each coarser one has twice as many.
        last_std, std_of_layer: of the last layer's data-dependent initialisation; see ``genzoo.nn.weight_norm``.

    Example:
        >>> import torch
        >>> ConvGenerator(latent=100, shape=(3, 32, 32), channels=4)(torch.zeros(2, 100)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, int, int],
        channels: int = 128,
        last_std: float | None = 0.1,
        std_of_layer: bool = False,
    ):
        super().__init__()
        check_size(shape, 32)
        self.shape = tuple(shape)
        width, doubles = 4 * channels, {"kernel_size": 5, "stride": 2, "padding": 2, "output_padding": 1}
        self.layers = nn.Sequential(
            nn.Linear(latent, width * 16, bias=False),
            shift_only(nn.BatchNorm1d(width * 16, eps=1e-6)),
            nn.ReLU(),
            nn.Unflatten(1, (width, 4, 4)),
            nn.ConvTranspose2d(width, width // 2, bias=False, **doubles),
            shift_only(nn.BatchNorm2d(width // 2, eps=1e-6)),
            nn.ReLU(),
            nn.ConvTranspose2d(width // 2, channels, bias=False, **doubles),
            shift_only(nn.BatchNorm2d(channels, eps=1e-6)),
            nn.ReLU(),
            WeightNormConvTranspose2d(
                *(channels, self.shape[0]), train_gain=True, init_std=last_std, std_of_layer=std_of_layer, **doubles
            ),
            nn.Tanh(),
        )
        _normal(self)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, 32, 32) in [-1, 1]."""
        return self.layers(z)


@register
class VirtualConvGenerator(ConvGenerator):
    """``ConvGenerator`` with virtual batch norm.

    Args:
        latent, options: of ``ConvGenerator``.
        reference: number of fixed codes, uniform on [-1, 1], whose images are the reference batch.

    Example:
        >>> import torch
        >>> VirtualConvGenerator(latent=100, shape=(3, 32, 32), channels=4, reference=2)(torch.zeros(2, 100)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(self, latent: int, reference: int = 100, **options: Any):
        super().__init__(latent, **options)
        for i, layer in enumerate(self.layers):
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                self.layers[i] = VirtualBatchNorm(layer.num_features, reference)
        self.register_buffer("reference", Uniform(latent).sample(reference))

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, 32, 32) in [-1, 1]; each depends on its own code only."""
        return super().forward(torch.cat([self.reference, z]))[len(self.reference) :]


@register
class ConvDiscriminator(nn.Module):
    """Nine weight-normalised convolutions with leaky ReLU, pooled over pixels, and a weight-normalised linear layer.

    Args:
        shape: (C, 32, 32) of the images.
        classes: number of logits.
        corruption: layer on the images, dropout or noise.
        channels: of the first three convolutions; the others have twice as many.
        slope: of the leaky ReLU.
        minibatch: factory of a layer on the pooled features, called with their number; None = none.
        last_std: standard deviation of the logits after the data-dependent initialisation.
        std_of_layer: see ``genzoo.nn.weight_norm``.

    Example:
        >>> import torch
        >>> ConvDiscriminator((3, 32, 32), 10, nn.Dropout(0.2), channels=4)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        corruption: nn.Module,
        channels: int = 96,
        slope: float = 0.2,
        minibatch: Callable[[int], MinibatchDiscrimination] | None = None,
        last_std: float = 0.1,
        std_of_layer: bool = False,
    ):
        super().__init__()
        check_size(shape, 32)
        self.shape, self.classes = tuple(shape), classes
        wide = 2 * channels

        def block(inputs: int, outputs: int, kernel: int = 3, **geometry: Any) -> list[nn.Module]:
            layer = WeightNormConv2d(inputs, outputs, kernel, std_of_layer=std_of_layer, **geometry)
            return [layer, nn.LeakyReLU(slope)]

        # Features: pooled over pixels, so that they do not depend on positions.
        self.trunk = nn.Sequential(
            corruption,
            *block(self.shape[0], channels, padding=1),
            *block(channels, channels, padding=1),
            *block(channels, channels, padding=1, stride=2),
            nn.Dropout(0.5),
            *block(channels, wide, padding=1),
            *block(wide, wide, padding=1),
            *block(wide, wide, padding=1, stride=2),
            nn.Dropout(0.5),
            *block(wide, wide),  # 8 x 8 -> 6 x 6
            *block(wide, wide, kernel=1),
            *block(wide, wide, kernel=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        # The similarity layer belongs to the head, since features are matched before it.
        similarity = [] if minibatch is None else [minibatch(wide)]
        width = similarity[0].outputs if similarity else wide
        last = WeightNormLinear(width, classes, train_gain=True, init_std=last_std, std_of_layer=std_of_layer)
        self.head = nn.Sequential(*similarity, last)
        _normal(self)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, 32, 32) in [-1, 1] -> pooled features (B, 2 channels)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, 32, 32) in [-1, 1] -> class logits (B, classes)."""
        return self.head(self.features(images))
