"""What networks of this family are asked for."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.precision import in_float32
from genzoo.nn.masked import MaskedConv2d, down_shift


class CausalNetwork(nn.Module):
    """Base of networks whose output at a pixel sees no pixel after it.

    Subclasses give ``across``, and ``down`` where rows above are seen by a stack of their own. In steps
    (``genzoo.nn.steps``) ``down`` is handed a row at a time, ``across`` a pixel.

    Args:
        channels: of the images.
        colours: number of colour channels whose outputs may depend on earlier ones of the same pixel; 1 = none may.
        classes: number of classes that images depend on; 0 = none.
    """

    multiple = 1  #: of which the images' height and width must be multiples

    def __init__(self, channels: int, colours: int, classes: int = 0):
        super().__init__()
        self.channels, self.colours, self.classes = channels, colours, classes

    def one_hot(self, labels: Tensor | None, like: Tensor) -> Tensor | None:
        """Classes as vectors (B, classes) like the images; zeros if none is given; None where there are no classes."""
        if not self.classes:
            return None
        if labels is None:
            return like.new_zeros(len(like), self.classes)
        return F.one_hot(labels, self.classes).to(like.dtype)

    def down(self, above: Tensor, labels: Tensor | None = None) -> Sequence[Tensor]:
        """What the rows above say to each row, as maps (B, ..., H, W).

        Args:
            above: images moved down by a row, so that each row holds the one above it.
            labels: as for ``forward``.
        """
        return ()

    def across(self, images: Tensor, told: Sequence[Tensor]) -> Tensor:
        """The parameters (B, outputs, H, W), given what the rows above said."""
        raise NotImplementedError

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """The parameters (B, outputs, H, W) of each pixel's distribution, given those before it.

        Args:
            images: (B, C, H, W) in [-1, 1].
            labels: int64 (B,), where images depend on classes.
        """
        return self.across(images, self.down(down_shift(images), labels))


class Readout(nn.Module):
    """From features to parameters: twice ReLU and a 1 x 1 convolution; the last one is not in half precision.

    Args:
        inputs: feature maps.
        hidden: maps between the convolutions.
        outputs: parameters a pixel.
        colours: see ``MaskedConv2d``.

    Source: van den Oord et al. 2016, arXiv 1601.06759, table 1.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, colours: int):
        super().__init__()
        self.hidden = MaskedConv2d(inputs, hidden, 1, "B", colours)
        self.outputs = MaskedConv2d(hidden, outputs, 1, "B", colours)

    def forward(self, x: Tensor) -> Tensor:
        """Parameters (B, outputs, H, W) of features (B, inputs, H, W)."""
        x = self.hidden(x.relu()).relu()
        return in_float32(self.outputs, x)
