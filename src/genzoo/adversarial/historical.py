"""Historical averaging: a penalty on the distance of a player's parameters from their past mean."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


@register
class HistoricalAveraging(nn.Module):
    """The term λ ‖θ - (1/t) Σ θ[i]‖² of a player's loss.

    θ are all parameters of its networks and θ[1], ..., θ[t] their past values: the initial ones and those after each
    of its steps. Their mean is a constant for the gradient, which is 2 λ (θ - mean).

    Args:
        weight: λ.

    Raises:
        GenzooError: λ is not positive.

    Source: Salimans et al. 2016, arXiv 1606.03498, section 3.3.

    Example:
        >>> history, network = HistoricalAveraging(weight=10.0), nn.Linear(1, 1, bias=False)
        >>> history.follow([network.requires_grad_(False).apply(lambda m: m.weight.fill_(1.0))])
        >>> history.update([network.apply(lambda m: m.weight.fill_(3.0))])
        >>> history([network])  # 10 (3 - (1 + 3) / 2)²
        tensor(10.)
    """

    mean: Tensor
    count: Tensor

    def __init__(self, weight: float):
        super().__init__()
        if weight <= 0:
            raise GenzooError(
                f"model.historical_averaging: weight={weight}: a positive number is needed; or remove the player."
            )
        self.weight = weight

    def follow(self, networks: Iterable[nn.Module]) -> None:
        """Starts from the current parameters of the networks."""
        self.register_buffer("mean", _parameters(networks).detach().clone())
        self.register_buffer("count", self.mean.new_ones((), dtype=torch.long))

    def forward(self, networks: Iterable[nn.Module]) -> Tensor:
        """The term, a scalar."""
        return self.weight * (_parameters(networks) - self.mean).square().sum()

    @torch.no_grad()
    def update(self, networks: Iterable[nn.Module]) -> None:
        """Updates the mean with the current parameters of the networks."""
        self.count += 1
        self.mean += (_parameters(networks) - self.mean) / self.count


def _parameters(networks: Iterable[nn.Module]) -> Tensor:
    """All parameters, concatenated to one vector."""
    return torch.cat([p.flatten() for network in networks for p in network.parameters()])
