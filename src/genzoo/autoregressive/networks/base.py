"""The interface of the causal networks."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.precision import in_float32
from genzoo.nn.likelihoods import DrawnLikelihood
from genzoo.nn.masked import MaskedConv2d, down_shift


class CausalNetwork(nn.Module):
    """Base of networks whose output at a pixel does not depend on later pixels.

    Subclasses implement ``across``, and ``down`` if a separate stack processes the rows above. During incremental
    evaluation (``genzoo.nn.steps``) ``down`` gets one row at a time, ``across`` one pixel.

    Args:
        channels: number of channels of the images.
        colours: number of colour channels whose outputs may depend on earlier channels of the same pixel; 1 = none.
        condition: width of the vector that images depend on, such as a one-hot class; 0 = none.
    """

    multiple = 1  #: height and width of the images must be multiples of this

    def __init__(self, channels: int, colours: int, condition: int = 0):
        super().__init__()
        self.channels, self.colours, self.condition = channels, colours, condition

    def down(self, above: Tensor, c: Tensor | None = None) -> Sequence[Tensor]:
        """Returns features of the rows above each row and of the condition, as maps (B, ..., H, W).

        Args:
            above: images shifted down by one row, so that each row holds the row above it.
            c: as for ``forward``.
        """
        return ()

    def across(self, images: Tensor, vertical: Sequence[Tensor]) -> Tensor:
        """Returns the parameters (B, outputs, H, W), given the output of ``down``."""
        raise NotImplementedError

    def forward(self, images: Tensor, c: Tensor | None = None) -> Tensor:
        """Returns the parameters (B, outputs, H, W) of each pixel's distribution, given the previous pixels.

        Args:
            images: (B, C, H, W) in [-1, 1].
            c: the condition, (B, condition); None has the effect of zeros.
        """
        return self.across(images, self.down(down_shift(images), c))


def network_for(
    shape: Sequence[int], likelihood: DrawnLikelihood, network: Callable[..., CausalNetwork], **given: Any
) -> CausalNetwork:
    """Builds the causal network that computes a likelihood's parameters.

    Args:
        shape: (C, H, W) of the images.
        likelihood: distribution of a pixel.
        network: factory, called with ``channels`` (C), ``outputs`` (parameters per pixel) and ``colours`` (C if a
            channel's parameters may depend on earlier channels, 1 if the likelihood does that).
        given: further arguments of the factory.

    Raises:
        GenzooError: the likelihood cannot be drawn from; the network halves images, and height or width cannot be
            halved that often.
    """
    if not isinstance(likelihood, DrawnLikelihood):
        raise GenzooError(
            f"model.likelihood: pixels cannot be drawn from {type(likelihood).__name__}; use "
            "genzoo.nn.likelihoods.Bernoulli (binary data), genzoo.nn.softmax_levels.SoftmaxLevels or "
            "genzoo.nn.logistic_mixture.LogisticMixture."
        )
    channels = shape[0]
    colours = 1 if likelihood.joint else channels
    built = network(channels=channels, outputs=likelihood.outputs(channels), colours=colours, **given)
    if any(size % built.multiple for size in shape[1:]):
        raise GenzooError(
            f"model.network: it halves images, so data.size={shape[1]} is not possible; choose a multiple of "
            f"{built.multiple}."
        )
    return built


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
