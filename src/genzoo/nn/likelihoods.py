"""Likelihoods p(x|parameters) of images, whose parameters are network outputs per pixel."""

from typing import Protocol, runtime_checkable

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

    ``levels`` is the number of levels of a pixel.
    """

    levels: int

    def outputs(self, channels: int) -> int:
        """Returns the number of network outputs per pixel for images with this number of channels."""

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        """Returns the log-probability in nats of each pixel, all channels together, (B, H, W).

        ``images`` (B, C, H, W) in [-1, 1] represent levels.
        """

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean, images (B, C, H, W) in [-1, 1]."""


@runtime_checkable
class DrawnLikelihood(Likelihood, Protocol):
    """A likelihood from which images can be drawn, as a function of noise.

    ``joint``: whether it models a pixel's channels jointly. If not, the parameters are grouped by channel, in order,
    and those of a channel may depend on earlier channels.
    """

    joint: bool

    def noise(self, channels: int) -> int:
        """Returns the number of uniform random numbers in [0, 1) needed per pixel with this number of channels."""

    def draw(self, parameters: Tensor, noise: Tensor, temperature: float = 1.0) -> Tensor:
        """Draws images (B, C, H, W) in [-1, 1], which represent levels, from noise (B, noise(C), H, W).

        A temperature below 1 makes likely levels likelier.
        """


@register
class Bernoulli(nn.Module):
    """Binary pixels; the parameter is the logit of the higher level.

    Example:
        >>> Bernoulli().log_prob(torch.tensor([-1.0, 1.0]).view(1, 1, 1, 2), torch.zeros(1, 1, 1, 2)).exp()
        tensor([[[0.5000, 0.5000]]])
    """

    levels = 2
    joint = False

    def outputs(self, channels: int) -> int:
        """One logit per channel."""
        return channels

    def noise(self, channels: int) -> int:
        """One number per channel."""
        return channels

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        """Log-probability in nats, (B, H, W)."""
        logits = at_least_float32(parameters)
        return -F.binary_cross_entropy_with_logits(logits, to_unit(images.to(logits.dtype)), reduction="none").sum(1)

    def mean(self, parameters: Tensor) -> Tensor:
        """The probability of the higher level, in [-1, 1]."""
        return from_unit(at_least_float32(parameters).sigmoid())

    def draw(self, parameters: Tensor, noise: Tensor, temperature: float = 1.0) -> Tensor:
        """Returns the higher level if the noise is below its probability."""
        probability = (at_least_float32(parameters) / temperature).sigmoid()
        return from_unit((noise < probability).to(probability.dtype))


@register
class DiscretisedLogistic(nn.Module):
    """256 levels; the probability of a level is the mass of a logistic distribution in its bin.

    The first and the last bin extend to infinity, so that the probabilities sum to 1. The network outputs the location,
    for pixels scaled to [-0.5, 0.5]; the scale is a learned parameter.

    Args:
        channels: number of scales: one per channel, or 1 for all channels.
        floor: None, or a probability that is added to each bin's; then all bins are finite. The probabilities do not
            sum to 1 then; use it only for comparison with the original code (1e-7).

    Raises:
        GenzooError: the floor is not positive, or the number of scales is neither 1 nor the number of channels.

    Source: Kingma et al. 2016, arXiv 1606.04934, section 4 (one scale per channel); openai/iaf, tf_train.py and
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
            raise GenzooError(f"model.likelihood.floor={floor}: expected a positive probability, or null for none.")
        check_positive("model.likelihood.channels", channels)
        self.log_scale = nn.Parameter(torch.zeros(channels))
        self.floor = floor

    def outputs(self, channels: int) -> int:
        """One location per channel."""
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
        """Clips the location to half a bin inside of the range."""
        return at_least_float32(parameters).clamp(-0.5 + 1 / 512, 0.5 - 1 / 512)


def _log_sigmoid_difference(a: Tensor, b: Tensor) -> Tensor:
    """log(σ(b) - σ(a)) for a < b, either of which may be infinite: σ(b) - σ(a) = σ(b) σ(-a) (1 - exp(a - b))."""
    return F.logsigmoid(b) + F.logsigmoid(-a) + (-torch.expm1(a - b)).log()
