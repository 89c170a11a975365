"""The PatchGAN: a discriminator that judges each patch of an image."""

from collections.abc import Callable

from torch import Tensor, nn

from genzoo.core.checks import check_integer
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.nn.normalisation import check_norm, normalisation

WIDEST = 8  #: multiple of ``channels`` at low resolutions


@register
class PatchGAN(nn.Module):
    """A fully convolutional network whose every output has a limited receptive field; convolutions have no biases.

    Args:
        inputs: number of channels of the images; of a pair, those of both images.
        halvings: number of convolutions of stride 2; with 0, all are 1 x 1: the paper's PixelGAN.
        channels: of the first feature map; each further one has twice as many, up to 8 times.
        norm: ``"batch"``, ``"instance"``, ``"layer"`` or ``"none"``; the first and the last convolution have none.
        padding: of convolutions larger than 1 x 1: 1 (pix2pix), or 2 (CycleGAN's original code).
        initialisation: sets the initial weights.

    Raises:
        GenzooError: a number is out of range, or the norm is unknown.

    Source: pix2pix (Isola et al. 2017, arXiv 1611.07004), section 3.2.2; phillipi/pix2pix, models.lua:
        defineD_n_layers, defineD_pixelGAN; junyanz/CycleGAN, models/architectures.lua (padding 2).

    Example:
        >>> import torch
        >>> PatchGAN(inputs=6, channels=4)(torch.zeros(2, 6, 64, 64)).shape
        torch.Size([2, 6, 6])
    """

    def __init__(
        self,
        inputs: int,
        halvings: int = 3,
        channels: int = 64,
        norm: str = "batch",
        padding: int = 1,
        initialisation: Callable[[nn.Module], None] = dcgan_initialisation,
    ):
        super().__init__()
        check_integer("model.discriminator.halvings", halvings, 0)
        check_integer("model.discriminator.padding", padding, 0, 2)
        check_norm("model.discriminator.norm", norm, spectral=False)
        kernel, strides = (4, [2] * halvings + [1]) if halvings else (1, [1, 1])
        padding = padding if halvings else 0
        self.inputs, self.receptive_field = inputs, receptive_field(kernel, [*strides, 1])

        layers: list[nn.Module] = []
        for i, stride in enumerate(strides):
            wide = channels * min(2**i, WIDEST)
            layers.append(nn.Conv2d(inputs, wide, kernel, stride, padding, bias=False))
            if i:
                layers.append(normalisation(norm, wide))
            layers.append(nn.LeakyReLU(0.2))
            inputs = wide
        self.layers = nn.Sequential(*layers, nn.Conv2d(inputs, 1, kernel, 1, padding, bias=False))
        initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, inputs, H, W) in [-1, 1] -> a logit per patch, (B, h, w)."""
        return self.layers(images).squeeze(1)


def receptive_field(kernel: int, strides: list[int]) -> int:
    """Height and width in pixels of the patch that one output of a chain of convolutions depends on.

    >>> receptive_field(4, [2, 2, 2, 1, 1])
    70
    """
    size = 1
    for stride in reversed(strides):
        size = (size - 1) * stride + kernel
    return size
