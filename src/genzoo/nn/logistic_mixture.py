"""A mixture of discretised logistic distributions, joint over a pixel's channels."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.checks import check_integer, check_positive
from genzoo.core.images import from_levels, to_levels
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register


class Components(NamedTuple):
    """The parameters of a pixel's K components.

    Args:
        logits: logits of the mixture weights, (B, K, H, W).
        means, log_scales: parameters of each channel, (B, C, K, H, W).
        slopes: linear coefficients of earlier channels in a channel's mean, in (-1, 1), (B, C (C - 1) / 2, K, H, W):
            green's on red, blue's on red, blue's on green.
    """

    logits: Tensor
    means: Tensor
    log_scales: Tensor
    slopes: Tensor

    def conditional_means(self, images: Tensor) -> Tensor:
        """Means (B, C, K, H, W), each given the images' (B, C, H, W) earlier channels."""
        means, slope = list(self.means.unbind(1)), iter(self.slopes.unbind(1))
        for channel in range(1, len(means)):
            for earlier in range(channel):
                means[channel] = means[channel] + next(slope) * images[:, earlier, None]
        return torch.stack(means, dim=1)


@register
class LogisticMixture(nn.Module):
    """p(x) = Σ_k π_k Π_c P_k(x_c), where P_k is the mass of a logistic distribution in the level's bin.

    The mean of a channel is linear in the previous channels. The first and the last bin extend to infinity.

    Args:
        components: K.
        levels: number of levels of a pixel, 2 to 256.

    Raises:
        GenzooError: no component, or another number of levels.

    Source: Salimans et al. 2017, arXiv 1701.05517, sections 2.1 and 2.2; openai/pixel-cnn, pixel_cnn_pp/nn.py,
        discretized_mix_logistic_loss (scales of at least exp(-7); where a bin's probability is below 1e-5, the
        density in its middle times its width). Its samples are not rounded to levels.

    Example:
        >>> levels = from_levels(torch.arange(256)).view(256, 1, 1, 1)
        >>> round(LogisticMixture(2).log_prob(levels, torch.zeros(256, 6, 1, 1)).exp().sum().item(), 4)
        1.0
    """

    joint = True

    def __init__(self, components: int = 10, levels: int = 256):
        super().__init__()
        check_positive("model.likelihood.components", components)
        self.components, self.levels = components, check_integer("model.likelihood.levels", levels, 2, 256)

    def outputs(self, channels: int) -> int:
        """Per component: one weight, and per channel mean, scale and slopes for earlier channels."""
        return self.components * (1 + 2 * channels + channels * (channels - 1) // 2)

    def noise(self, channels: int) -> int:
        """One number for the component and one per channel."""
        return 1 + channels

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        """Log-probability in nats, (B, H, W)."""
        p = self._split(parameters, images.shape[1])
        images = images.to(p.means.dtype)
        x, half = images.unsqueeze(2), 1 / (self.levels - 1)
        centred, inverse_scales = x - p.conditional_means(images), torch.exp(-p.log_scales)
        upper, lower = inverse_scales * (centred + half), inverse_scales * (centred - half)
        probability = upper.sigmoid() - lower.sigmoid()
        middle = inverse_scales * centred
        density = middle - p.log_scales - 2 * F.softplus(middle)
        inside = torch.where(probability > 1e-5, probability.clamp(min=1e-12).log(), density + math.log(2 * half))
        of_component = torch.where(
            x <= -1 + half, F.logsigmoid(upper), torch.where(x >= 1 - half, F.logsigmoid(-lower), inside)
        ).sum(1)
        return (of_component + p.logits.log_softmax(1)).logsumexp(1)

    def mean(self, parameters: Tensor) -> Tensor:
        """Returns the mean of the logistics, clipped to [-1, 1] afterwards, as images (B, C, H, W)."""
        p = self._split(parameters, self._channels(parameters.shape[1]))
        of_components = [p.means[:, 0]]
        slope = iter(p.slopes.unbind(1))
        for channel in range(1, p.means.shape[1]):
            of_components.append(sum((next(slope) * m for m in of_components[:channel]), p.means[:, channel]))
        weights = p.logits.softmax(1).unsqueeze(1)
        return (weights * torch.stack(of_components, dim=1)).sum(2).clamp(-1, 1)

    def draw(self, parameters: Tensor, noise: Tensor, temperature: float = 1.0) -> Tensor:
        """Draws a component with the first number, then red, green given red, blue given both, by quantile functions.

        The temperature divides the logits of the weights and multiplies the scales.
        """
        p = self._split(parameters, noise.shape[1] - 1)
        cumulative = (p.logits / temperature).softmax(1).cumsum(1)
        chosen = (cumulative[:, :-1] <= noise[:, :1]).sum(1)[:, None, None]
        means, log_scales, slopes = (
            values.gather(2, chosen.expand(-1, values.shape[1], -1, -1, -1)).squeeze(2)
            for values in (p.means, p.log_scales, p.slopes)
        )
        quantiles = torch.logit(noise[:, 1:].to(means.dtype), eps=1e-5) * temperature * log_scales.exp()
        drawn, slope = [], iter(slopes.unbind(1))
        for channel in range(means.shape[1]):
            x = sum((next(slope) * earlier for earlier in drawn), means[:, channel]) + quantiles[:, channel]
            drawn.append(from_levels(to_levels(x, self.levels), self.levels).to(x.dtype))
        return torch.stack(drawn, dim=1)

    def _channels(self, outputs: int) -> int:
        return next(c for c in range(1, outputs) if self.outputs(c) == outputs)

    def _split(self, parameters: Tensor, channels: int) -> Components:
        k, c = self.components, channels
        logits, means, log_scales, slopes = at_least_float32(parameters).split(
            [k, c * k, c * k, c * (c - 1) // 2 * k], dim=1
        )
        means, log_scales, slopes = (values.unflatten(1, (-1, k)) for values in (means, log_scales, slopes))
        return Components(logits, means, log_scales.clamp(min=-7), slopes.tanh())
