"""Likelihoods p(x|parameters) of images, pixel by pixel, given as network outputs."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_unit, to_unit
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register


class Likelihood(Protocol):
    """A family of distributions over images, with parameters (B, outputs(C), H, W).

    ``levels`` is the number of levels of a pixel that it is a distribution over.
    """

    levels: int

    def outputs(self, channels: int) -> int:
        """Number of network outputs a pixel that it takes for images of so many channels."""

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        """Log-probability in nats of each pixel, all channels together, (B, H, W).

        ``images`` (B, C, H, W) in [-1, 1] stand for levels.
        """

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean, images (B, C, H, W) in [-1, 1]."""


class DrawnLikelihood(Likelihood, Protocol):
    """A likelihood that images are drawn from, given noise: the same ones for the same noise.

    ``joint`` says whether it models a pixel's channels together; if not, parameters of a channel, which stand beside
    each other in the channels' order, may depend on earlier channels.
    """

    joint: bool

    def noise(self, channels: int) -> int:
        """How many numbers, uniform in [0, 1), a pixel of so many channels is drawn from."""

    def draw(self, parameters: Tensor, noise: Tensor, temperature: float = 1.0) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] that stand for levels, drawn from noise (B, noise(C), H, W).

        A temperature below 1 makes likely levels likelier.
        """


@register
class Bernoulli(nn.Module):
    """Binary pixels; a logit of the higher level each.

    Example:
        >>> Bernoulli().log_prob(torch.tensor([-1.0, 1.0]).view(1, 1, 1, 2), torch.zeros(1, 1, 1, 2)).exp()
        tensor([[[0.5000, 0.5000]]])
    """

    levels = 2
    joint = False

    def outputs(self, channels: int) -> int:
        """A logit a channel."""
        return channels

    def noise(self, channels: int) -> int:
        """One number a channel."""
        return channels

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        """Log-probability in nats, (B, H, W)."""
        logits = at_least_float32(parameters)
        return -F.binary_cross_entropy_with_logits(logits, to_unit(images.to(logits.dtype)), reduction="none").sum(1)

    def mean(self, parameters: Tensor) -> Tensor:
        """The probability of the higher level, in [-1, 1]."""
        return from_unit(at_least_float32(parameters).sigmoid())

    def draw(self, parameters: Tensor, noise: Tensor, temperature: float = 1.0) -> Tensor:
        """The higher level where the noise is below its probability."""
        probability = (at_least_float32(parameters) / temperature).sigmoid()
        return from_unit((noise < probability).to(probability.dtype))


@register
class DiscretisedLogistic(nn.Module):
    """256 levels; the probability of a level is a logistic distribution's over its bin, the bins at both ends reaching
    to infinity, so that the probabilities sum to 1.

    The network gives the location, in [-0.5, 0.5] as a pixel's range is there; the scale is learned, not given by it.

    Args:
        channels: as many scales; 1 = one for all channels.
        floor: None, or a probability that is added to each bin's, whose ends then are finite. The sum over levels is
            then not 1: it is there to compare with numbers of the original code (1e-7).

    Raises:
        GenzooError: the floor is not positive; there is neither one scale nor one for each of the images' channels.

    Source: Kingma et al. 2016, arXiv 1606.04934, section 4 (a scale a channel); openai/iaf, tf_train.py and
        tf_utils/distributions.py (one scale, which starts at 1; locations clipped; 1e-7 is added).

    Example:
        >>> levels = (torch.arange(256.0) / 127.5 - 1).view(256, 1, 1, 1)
        >>> round(DiscretisedLogistic().log_prob(levels, torch.zeros(256, 1, 1, 1)).exp().sum().item(), 5)
        1.0
    """

    levels = 256

    def __init__(self, channels: int = 1, floor: float | None = None):
        super().__init__()
        if floor is not None and not floor > 0:
            raise GenzooError(f"model.likelihood.floor={floor}: a positive probability is needed, or null for none.")
        check_positive("model.likelihood.channels", channels)
        self.log_scale = nn.Parameter(torch.zeros(channels))
        self.floor = floor

    def outputs(self, channels: int) -> int:
        """A location a channel."""
        if (scales := len(self.log_scale)) not in (1, channels):
            raise GenzooError(f"model.likelihood.channels={scales}: the images have {channels}; give {channels}, or 1.")
        return channels

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        """Log-probability in nats, (B, H, W)."""
        location = self._location(parameters)
        level = to_unit(images.to(location.dtype)).mul(255).round()
        lower, inverse_scale = level / 256 - 0.5, torch.exp(-self.log_scale).view(-1, 1, 1)
        a, b = (lower - location) * inverse_scale, (lower + 1 / 256 - location) * inverse_scale
        if self.floor is not None:
            return (b.sigmoid() - a.sigmoid() + self.floor).log().sum(1)
        a = torch.where(level == 0, -torch.inf, a)
        b = torch.where(level == 255, torch.inf, b)
        return _log_sigmoid_difference(a, b).sum(1)

    def mean(self, parameters: Tensor) -> Tensor:
        """The location, in [-1, 1]."""
        return 2 * self._location(parameters)

    @staticmethod
    def _location(parameters: Tensor) -> Tensor:
        """Half a bin inside of the range."""
        return at_least_float32(parameters).clamp(-0.5 + 1 / 512, 0.5 - 1 / 512)


def _log_sigmoid_difference(a: Tensor, b: Tensor) -> Tensor:
    """log(σ(b) - σ(a)) for a < b, either of which may be infinite: σ(b) - σ(a) = σ(b) σ(-a) (1 - exp(a - b))."""
    return F.logsigmoid(b) + F.logsigmoid(-a) + (-torch.expm1(a - b)).log()
