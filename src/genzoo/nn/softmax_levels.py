"""A softmax over the levels of a pixel."""

import torch
from torch import Tensor, nn

from genzoo.core.checks import check_integer
from genzoo.core.images import from_levels, to_levels
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register


@register
class SoftmaxLevels(nn.Module):
    """Any distribution over the levels of each channel, with one logit per level; it does not use the order of levels.

    Args:
        levels: number of levels of a pixel, 2 to 256.

    Raises:
        GenzooError: another number of levels.

    Source: van den Oord et al. 2016, arXiv 1601.06759, section 3.3.

    Example:
        >>> SoftmaxLevels(4).log_prob(torch.ones(1, 3, 1, 1), torch.zeros(1, 12, 1, 1)).exp() * 4**3
        tensor([[[1.]]])
    """

    joint = False

    def __init__(self, levels: int = 256):
        super().__init__()
        self.levels = check_integer("model.likelihood.levels", levels, 2, 256)

    def outputs(self, channels: int) -> int:
        """One logit per level and channel, grouped by channel."""
        return channels * self.levels

    def noise(self, channels: int) -> int:
        """One number per channel."""
        return channels

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        """Log-probability in nats, (B, H, W)."""
        level = to_levels(images, self.levels).long().unsqueeze(2)
        return self._logits(parameters).log_softmax(2).gather(2, level).sum((1, 2))

    def mean(self, parameters: Tensor) -> Tensor:
        """Σ p(k) k over levels k, as images (B, C, H, W) in [-1, 1]."""
        values = from_levels(torch.arange(self.levels, device=parameters.device), self.levels)
        return (self._logits(parameters).softmax(2) * values.view(-1, 1, 1)).sum(2)

    def draw(self, parameters: Tensor, noise: Tensor, temperature: float = 1.0) -> Tensor:
        """Returns the first level at which the cumulative probability exceeds the noise."""
        cumulative = (self._logits(parameters) / temperature).softmax(2).cumsum(2)
        level = (cumulative[:, :, :-1] <= noise.unsqueeze(2)).sum(2)
        return from_levels(level, self.levels).to(cumulative.dtype)

    def _logits(self, parameters: Tensor) -> Tensor:
        """(B, C, levels, H, W)."""
        return at_least_float32(parameters).unflatten(1, (-1, self.levels))
