"""The interface of the causal networks."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.precision import in_float32
from genzoo.nn.masked import MaskedConv2d, down_shift


class CausalNetwork(nn.Module):
    """Base of networks whose output at a pixel does not depend on later pixels.

    Subclasses implement ``across``, and ``down`` if a separate stack processes the rows above. During incremental
    evaluation (``genzoo.nn.steps``) ``down`` gets one row at a time, ``across`` one pixel.

    Args:
        channels: number of channels of the images.
        colours: number of colour channels whose outputs may depend on earlier channels of the same pixel; 1 = none.
        classes: number of classes that images depend on; 0 = none.
    """

    multiple = 1  #: height and width of the images must be multiples of this

    def __init__(self, channels: int, colours: int, classes: int = 0):
        super().__init__()
        self.channels, self.colours, self.classes = channels, colours, classes

    def one_hot(self, labels: Tensor | None, like: Tensor) -> Tensor | None:
        """Returns one-hot classes (B, classes) like the images; zeros without labels; None without classes."""
        if not self.classes:
            return None
        if labels is None:
            return like.new_zeros(len(like), self.classes)
        return F.one_hot(labels, self.classes).to(like.dtype)

    def down(self, above: Tensor, labels: Tensor | None = None) -> Sequence[Tensor]:
        """Returns features of the rows above each row, as maps (B, ..., H, W).

        Args:
            above: images shifted down by one row, so that each row holds the row above it.
            labels: as for ``forward``.
        """
        return ()

    def across(self, images: Tensor, vertical: Sequence[Tensor]) -> Tensor:
        """Returns the parameters (B, outputs, H, W), given the output of ``down``."""
        raise NotImplementedError

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Returns the parameters (B, outputs, H, W) of each pixel's distribution, given the previous pixels.

        Args:
            images: (B, C, H, W) in [-1, 1].
            labels: int64 (B,), for class-conditional networks.
        """
        return self.across(images, self.down(down_shift(images), labels))


class Readout(nn.Module):
    """Maps features to parameters: ReLU and a 1 x 1 convolution, twice; the last one is never in half precision.

    Args:
        inputs: number of feature maps.
        hidden: number of maps between the convolutions.
        outputs: parameters per pixel.
        colours: see ``MaskedConv2d``.

    Source: van den Oord et al. 2016, arXiv 1601.06759, table 1.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, colours: int):
        super().__init__()
        self.hidden = MaskedConv2d(inputs, hidden, 1, "B", colours)
        self.outputs = MaskedConv2d(hidden, outputs, 1, "B", colours)

    def forward(self, x: Tensor) -> Tensor:
        """Returns parameters (B, outputs, H, W) of features (B, inputs, H, W)."""
        x = self.hidden(x.relu()).relu()
        return in_float32(self.outputs, x)
