"""CycleGAN's generator: residual blocks at a quarter of the resolution."""

from collections.abc import Callable

from torch import Tensor, nn

from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.nn.normalisation import check_norm, normalisation


class _Block(nn.Module):
    """x plus two 3 x 3 convolutions of it, each with reflected borders and a norm; no ReLU after the sum."""

    def __init__(self, channels: int, norm: str):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False),
            normalisation(norm, channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False),
            normalisation(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


@register
class ResNetTranslator(nn.Module):
    """Two convolutions of stride 2, residual blocks, and two transposed convolutions; convolutions have no biases.

    Args:
        shape: (C, H, W) of the images; H and W are multiples of 4, from 8 on.
        outputs: number of channels of the result.
        channels: of the feature maps at full resolution.
        blocks: number of residual blocks: 6 for 128 pixels, 9 for 256.
        norm: ``"instance"``, ``"batch"``, ``"layer"`` or ``"none"``.
        initialisation: sets the initial weights.

    Raises:
        GenzooError: the size is another one, there are no blocks, or the norm is unknown.

    Source: CycleGAN (Zhu et al. 2017, arXiv 1703.10593), section 4 and appendix; junyanz/CycleGAN,
        models/architectures.lua: defineG_resnet_6blocks, defineG_resnet_9blocks.

    Example:
        >>> import torch
        >>> ResNetTranslator(shape=(1, 28, 28), outputs=3, channels=4, blocks=1)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 3, 28, 28])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        channels: int = 64,
        blocks: int = 9,
        norm: str = "instance",
        initialisation: Callable[[nn.Module], None] = dcgan_initialisation,
    ):
        super().__init__()
        check_norm("model.generator.norm", norm, spectral=False)
        check_integer("model.generator.blocks", blocks, 1)
        inputs, height, width = shape
        if any(side % 4 or side < 8 for side in (height, width)):
            raise GenzooError(f"model.generator.shape={tuple(shape)}: sides of a multiple of 4 from 8 on are needed.")
        self.shape, self.outputs = tuple(shape), outputs

        def normed(layer: nn.Module, width: int) -> list[nn.Module]:
            return [layer, normalisation(norm, width), nn.ReLU()]

        def mirrored(inputs: int, outputs: int) -> nn.Module:
            return nn.Conv2d(inputs, outputs, 7, padding=3, padding_mode="reflect", bias=False)

        layers = normed(mirrored(inputs, channels), channels)
        for wide in (channels, 2 * channels):
            layers += normed(nn.Conv2d(wide, 2 * wide, 3, 2, 1, bias=False), 2 * wide)
        layers += [_Block(4 * channels, norm) for _ in range(blocks)]
        for wide in (4 * channels, 2 * channels):
            layers += normed(nn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, output_padding=1, bias=False), wide // 2)
        self.layers = nn.Sequential(*layers, mirrored(channels, outputs), nn.Tanh())
        initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> images (B, outputs, H, W) in [-1, 1]."""
        return self.layers(images)
