"""The U-Net: an encoder and a decoder with connections between layers of equal resolution."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.nn.noise import PersistentDropout
from genzoo.nn.normalisation import check_norm, normalisation

WIDEST = 8  #: multiple of ``channels`` at low resolutions
DROPPED = 3  #: number of innermost layers of the decoder with dropout


@register
class UNet(nn.Module):
    """Convolutions of stride 2 down to 1 x 1, and transposed ones back, each of which also gets the encoder's features.

    Convolutions have no biases, and the innermost one no norm, which would set a single pixel to 0. Images of another
    size than a power of two are padded to one with their border pixels, and the result is cropped.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of channels of the result.
        channels: of the feature map at half resolution; coarser ones have twice as many, up to 8 times.
        norm: ``"batch"``, ``"instance"``, ``"layer"`` or ``"none"``.
        dropout: probability in the three innermost layers of the decoder, in evaluation, too: the only noise.
        skips: whether the decoder gets the encoder's features; without them, it is the paper's encoder-decoder.
        initialisation: sets the initial weights.

    Raises:
        GenzooError: the images are no squares of at least 4 pixels, the probability is not in [0, 1), or the norm is
            unknown.

    Source: pix2pix (Isola et al. 2017, arXiv 1611.07004), section 3.2; phillipi/pix2pix, models.lua: defineG_unet,
        defineG_encoder_decoder; train.lua: biases are set to 0 before each pass.

    Example:
        >>> UNet(shape=(1, 28, 28), outputs=3, channels=4)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 3, 28, 28])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        channels: int = 64,
        norm: str = "batch",
        dropout: float = 0.5,
        skips: bool = True,
        initialisation: Callable[[nn.Module], None] = dcgan_initialisation,
    ):
        super().__init__()
        check_norm("model.generator.norm", norm, spectral=False)
        inputs, height, width = shape
        if height != width or height < 4:
            raise GenzooError(f"model.generator.shape={tuple(shape)}: squares of at least 4 pixels are needed.")
        if not 0 <= dropout < 1:
            raise GenzooError(f"model.generator.dropout={dropout}: a probability of at least 0 and below 1 is needed.")
        self.shape, self.outputs, self.skips = tuple(shape), outputs, skips
        levels = (height - 1).bit_length()
        before, after = divmod(2**levels - height, 2)
        self.padding = 2 * (before, before + after)
        widths = [channels * min(2**level, WIDEST) for level in range(levels)]

        # Each layer begins with its non-linearity, so that connections are linear outputs.
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, wide in enumerate(widths):
            outermost, innermost = level == 0, level == levels - 1
            down: list[nn.Module] = [] if outermost else [nn.LeakyReLU(0.2)]
            down.append(nn.Conv2d(inputs, wide, 4, 2, 1, bias=False))
            if not outermost and not innermost:
                down.append(normalisation(norm, wide))
            gathered = wide if innermost or not skips else 2 * wide
            up: list[nn.Module] = [nn.ReLU()]
            up.append(nn.ConvTranspose2d(gathered, outputs if outermost else inputs, 4, 2, 1, bias=False))
            if outermost:
                up.append(nn.Tanh())
            else:
                up.append(normalisation(norm, inputs))
                if dropout and level >= levels - DROPPED:
                    up.append(PersistentDropout(dropout))
            self.down.append(nn.Sequential(*down))
            self.up.append(nn.Sequential(*up))
            inputs = wide
        initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> images (B, outputs, H, W) in [-1, 1]."""
        left, right, above, below = self.padding
        x = F.pad(images, self.padding, mode="replicate") if any(self.padding) else images
        encoded = []
        for down in self.down:
            x = down(x)
            encoded.append(x)
        x = encoded.pop()
        for up in reversed(self.up):
            x = up(x)
            if encoded and self.skips:
                x = torch.cat([x, encoded.pop()], 1)
        return x[..., above : x.shape[-2] - below, left : x.shape[-1] - right]
