"""Causal convolutions: the output at a pixel does not depend on later pixels.

During incremental evaluation (``genzoo.nn.steps``) the same layers get one pixel or row at a time and use a cache.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.steps import PixelSteps, RowSteps, Steps


def owners(maps: int, colours: int, parts: int = 1) -> Tensor:
    """Returns the colour channel to which each feature map belongs: equal shares, in order; int64 (maps,).

    Args:
        maps: number of feature maps.
        colours: number of colour channels.
        parts: number of equal parts of the maps, each of which is divided among the colours (the gates of a layer).

    >>> owners(3, 3).tolist(), owners(8, 3).tolist(), owners(6, 3, parts=2).tolist()
    ([0, 1, 2], [0, 0, 0, 1, 1, 1, 2, 2], [0, 1, 2, 0, 1, 2])
    """
    part = maps // parts
    return (torch.arange(part) * colours // part).repeat(parts)


class MaskedConv2d(nn.Conv2d):
    """A convolution over the rows above, the pixels to the left in its own row, and some colours of its own pixel.

    Feature maps are divided among the colour channels. At its own pixel, a map with mask A depends on the maps of
    earlier colours, with mask B also on those of its own colour. The kernel is cut off below its own row; a kernel of
    one row is cut off after its own pixel.

    Args:
        inputs, outputs: feature maps.
        kernel: odd size, or (height, width), of the kernel before it is masked.
        mask: "A" (where the input is the image itself) or "B".
        colours: number of ordered colour channels; 1 = no order.
        parts: number of parts of the outputs, see ``owners``.

    Raises:
        GenzooError: the kernel's size is not odd, or there are fewer maps than colours.

    Source: van den Oord et al. 2016, arXiv 1601.06759, section 3.4.

    Example:
        >>> layer = MaskedConv2d(3, 6, 3, mask="A", colours=3)
        >>> layer.mask[:, :, -1, 1]  # own pixel: red depends on nothing, green on red, blue on both
        tensor([[0., 0., 0.],
                [0., 0., 0.],
                [1., 0., 0.],
                [1., 0., 0.],
                [1., 1., 0.],
                [1., 1., 0.]])
    """

    steps: Steps | None = None  #: cache during incremental evaluation

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        mask: str = "B",
        colours: int = 1,
        parts: int = 1,
    ):
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        if height % 2 == 0 or width % 2 == 0:
            raise GenzooError(f"model.network: kernel={kernel}: expected odd sizes.")
        if (maps := min(inputs, outputs // parts)) < colours:
            raise GenzooError(f"model.network: {maps} feature maps are too few for {colours} colours; use more.")
        self.above, self.left = height // 2, width // 2
        super().__init__(inputs, outputs, (self.above + 1, width if self.above else self.left + 1))
        self.first = mask == "A"
        seen = torch.ones_like(self.weight)
        theirs, own = owners(inputs, colours), owners(outputs, colours, parts)[:, None]
        seen[:, :, -1, self.left] = (theirs < own if self.first else theirs <= own).to(seen)
        seen[:, :, -1, self.left + 1 :] = 0
        self.register_buffer("mask", seen, persistent=False)

    def masked_weight(self) -> Tensor:
        """The weight, 0 at masked positions."""
        return self.weight * self.mask

    def remember(self, batch: int, width: int) -> Steps:
        """Returns the cache for incremental evaluation; see ``genzoo.nn.steps``."""
        return PixelSteps(self.masked_weight(), self.bias, self.left, batch, width, sees_image=self.first)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        if self.steps is not None:
            return self.steps(x)
        weight = self.masked_weight()
        if self.above:
            return F.conv2d(F.pad(x, (0, 0, self.above, 0)), weight, self.bias, padding=(0, self.left))
        return F.conv2d(F.pad(x, (self.left, 0, 0, 0)) if self.left else x, weight, self.bias)


class VerticalConv2d(nn.Conv2d):
    """A convolution over its whole own row and the rows above.

    Args:
        inputs, outputs: feature maps.
        kernel: odd size of the kernel before the rows below are cut off.

    Source: van den Oord et al. 2016, arXiv 1606.05328, section 2.2.

    Example:
        >>> VerticalConv2d(1, 2, kernel=3)(torch.zeros(1, 1, 28, 28)).shape
        torch.Size([1, 2, 28, 28])
    """

    steps: Steps | None = None  #: cache during incremental evaluation

    def __init__(self, inputs: int, outputs: int, kernel: int):
        if kernel % 2 == 0:
            raise GenzooError(f"model.network: kernel={kernel}: expected odd sizes.")
        self.above = kernel // 2
        super().__init__(inputs, outputs, (self.above + 1, kernel), padding=(0, self.above))

    def remember(self, batch: int, width: int) -> Steps:
        """Returns the cache for incremental evaluation; see ``genzoo.nn.steps``."""
        return RowSteps(self.weight, self.bias, batch, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        if self.steps is not None:
            return self.steps(x)
        return super().forward(F.pad(x, (0, 0, self.above, 0)))


def down_shift(images: Tensor) -> Tensor:
    """Shifts images (B, C, H, W) down by one row; the first row becomes 0.

    >>> down_shift(torch.tensor([[[[1.0], [2.0]]]])).flatten().tolist()
    [0.0, 1.0]
    """
    return F.pad(images, (0, 0, 1, -1))
