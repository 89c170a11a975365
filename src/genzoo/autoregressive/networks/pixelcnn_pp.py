"""PixelCNN++: two streams of shifted convolutions at three resolutions, with short-cuts between them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.autoregressive.checks import check_sizes
from genzoo.autoregressive.networks.base import CausalNetwork
from genzoo.core.errors import GenzooError
from genzoo.core.precision import in_float32
from genzoo.core.registry import register
from genzoo.nn.elu import elu
from genzoo.nn.masked import down_shift
from genzoo.nn.shifted import down, down_right, down_right_twice, down_twice, pointwise

RESOLUTIONS = 3


def concat_elu(x: Tensor) -> Tensor:
    """ELU of x and of -x: (B, 2 n, ...) of (B, n, ...).

    >>> concat_elu(torch.tensor([[1.0]]))
    tensor([[ 1.0000, -0.6321]])
    """
    return elu(torch.cat([x, -x], dim=1))


class GatedResidual(nn.Module):
    """x + a σ(b), where a and b are computed from two convolutions of x, from a short-cut and from a condition.

    Args:
        convolution: ``down`` or ``down_right``.
        hidden: number of feature maps.
        shortcut: number of maps of the short-cut; 0 = none.
        dropout: dropout probability between the convolutions.
        condition: width of a vector; 0 = none.

    Source: openai/pixel-cnn, pixel_cnn_pp/nn.py, gated_resnet.
    """

    def __init__(
        self, convolution: Callable[..., nn.Module], hidden: int, shortcut: int, dropout: float, condition: int
    ):
        super().__init__()
        self.first = convolution(2 * hidden, hidden)
        self.shortcut = pointwise(2 * shortcut, hidden) if shortcut else None
        self.dropout = nn.Dropout(dropout)
        self.second = convolution(2 * hidden, 2 * hidden, init_std=0.1)
        self.condition = nn.Linear(condition, 2 * hidden, bias=False) if condition else None
        if self.condition is not None:
            nn.init.normal_(self.condition.weight, std=0.05)

    def forward(self, x: Tensor, shortcut: Tensor | None = None, c: Tensor | None = None) -> Tensor:
        """x (B, hidden, H, W), short-cut (B, shortcut, H, W), condition c (B, condition) -> (B, hidden, H, W)."""
        y = self.first(concat_elu(x))
        if self.shortcut is not None:
            y = y + self.shortcut(concat_elu(shortcut))
        y = self.second(self.dropout(concat_elu(y)))
        if c is not None:
            y = y + self.condition(c)[:, :, None, None]
        a, b = y.chunk(2, dim=1)
        return x + a * b.sigmoid()


@register
class PixelCNNPP(CausalNetwork):
    """PixelCNN++: two streams over an image that is halved twice and doubled twice, with short-cuts between these.

    One stream covers the rows above, the other also the pixel's own row; neither depends on its own pixel.

    Halved images combine pairs of rows. So in odd rows, counted from 0, the receptive field of a pixel in its own row,
    and in the row above to its right, is limited to 4 blocks + 2 columns (22 with the original's 5 blocks). In images
    of 32 x 32 pixels and with 5 blocks, no other previous pixels are missing.

    Args:
        channels: number of channels of the images, whose height and width must be multiples of 4.
        colours: 1: the likelihood models a pixel's channels together.
        outputs: parameters per pixel.
        hidden: feature maps.
        blocks: residual blocks of each stream per resolution on the way up; one more on the way down, except at the
            smallest resolution.
        dropout: dropout probability in each block.
        condition: see ``CausalNetwork``.

    Raises:
        GenzooError: the likelihood leaves the order of colours to the network; a size is not a positive integer.

    Source: Salimans et al. 2017, arXiv 1701.05517; openai/pixel-cnn, pixel_cnn_pp/model.py.

    Example:
        >>> network = PixelCNNPP(channels=3, colours=1, outputs=100, hidden=4, blocks=1)
        >>> network(torch.zeros(2, 3, 8, 8)).shape
        torch.Size([2, 100, 8, 8])
    """

    multiple = 2 ** (RESOLUTIONS - 1)

    def __init__(
        self,
        channels: int,
        colours: int,
        outputs: int,
        hidden: int,
        blocks: int,
        dropout: float = 0.5,
        condition: int = 0,
    ):
        if colours != 1:
            raise GenzooError(
                "model.likelihood: PixelCNN++ has no order of colours, so the likelihood must model it; use "
                "genzoo.nn.logistic_mixture.LogisticMixture."
            )
        super().__init__(channels, colours, condition)
        check_sizes(hidden=hidden, blocks=blocks)

        def above(shortcut: int) -> GatedResidual:
            return GatedResidual(down, hidden, shortcut, dropout, condition)

        def beside(shortcut: int) -> GatedResidual:
            return GatedResidual(down_right, hidden, shortcut, dropout, condition)

        # A channel of ones distinguishes the image from its padding.
        self.first_above = down(channels + 1, hidden)
        self.first_beside = nn.ModuleList(
            [down(channels + 1, hidden, (1, 3)), down_right(channels + 1, hidden, (2, 1))]
        )
        self.up, self.halvings = nn.ModuleList(), nn.ModuleList()
        self.down_again, self.doublings = nn.ModuleList(), nn.ModuleList()
        # Blocks per resolution; the way down has one block more after each doubling, as in the original.
        for resolution in range(RESOLUTIONS):
            if resolution:
                self.halvings.append(
                    nn.ModuleList([down(hidden, hidden, stride=2), down_right(hidden, hidden, stride=2)])
                )
                self.doublings.append(nn.ModuleList([down_twice(hidden, hidden), down_right_twice(hidden, hidden)]))
            self.up.append(nn.ModuleList(nn.ModuleList([above(0), beside(hidden)]) for _ in range(blocks)))
            n = blocks + (resolution > 0)
            self.down_again.append(nn.ModuleList(nn.ModuleList([above(hidden), beside(2 * hidden)]) for _ in range(n)))
        self.readout = pointwise(hidden, outputs)

    def forward(self, images: Tensor, c: Tensor | None = None) -> Tensor:
        """Returns the parameters (B, outputs, H, W) of each pixel's distribution; see ``CausalNetwork``."""
        x = F.pad(images, (0, 0, 0, 0, 0, 1), value=1.0)
        from_above, from_left = self.first_beside
        u, ul = down_shift(self.first_above(x)), down_shift(from_above(x)) + F.pad(from_left(x), (1, -1))
        seen = [(u, ul)]
        for resolution, blocks in enumerate(self.up):
            if resolution:
                halve = self.halvings[resolution - 1]
                u, ul = halve[0](u), halve[1](ul)
                seen.append((u, ul))
            for above, beside in blocks:
                u = above(u, c=c)
                ul = beside(ul, u, c)
                seen.append((u, ul))

        u, ul = seen.pop()
        for resolution, blocks in enumerate(self.down_again):
            if resolution:
                double = self.doublings[resolution - 1]
                u, ul = double[0](u), double[1](ul)
            for above, beside in blocks:
                seen_u, seen_ul = seen.pop()
                u = above(u, seen_u, c)
                ul = beside(ul, torch.cat([u, seen_ul], dim=1), c)
        return in_float32(self.readout, elu(ul))
