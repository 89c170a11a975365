"""A replay pool: a buffer of the latest transitions."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


class Transitions(NamedTuple):
    """Transitions (s, a, s').

    Args:
        observations: s (..., D).
        actions: a (..., A).
        following: s', the next observations (..., D).
    """

    observations: Tensor
    actions: Tensor
    following: Tensor


@register
class ReplayPool(nn.Module):
    """A ring buffer of the latest transitions, stored in the module's state.

    Each transition holds its own next observation, so no transition joins two episodes. (The original's pool stores
    consecutive observations and pairs neighbours.)

    Args:
        observations, actions: dimensions of an observation and of an action.
        capacity: maximum number of transitions.
        minimum: number of transitions from which on the pool is used.

    Raises:
        GenzooError: a number is not positive, or the minimum exceeds the capacity.

    Source: Houthooft et al. 2016, arXiv 1605.09674, section 2.5; openai/vime, algos/batch_polopt_expl.py
    (``SimpleReplayPool``), whose statistics include one row too many until the pool is full.
    """

    def __init__(self, observations: int, actions: int, capacity: int = 100_000, minimum: int = 500):
        super().__init__()
        check_positive("model.pool.capacity", capacity)
        check_positive("model.pool.minimum", minimum)
        if minimum > capacity:
            raise GenzooError(
                f"model.pool.minimum={minimum}: the pool keeps only model.pool.capacity={capacity} transitions and "
                "would never be used; raise the capacity or lower the minimum."
            )
        self.capacity, self.minimum = capacity, minimum
        self.register_buffer("observations", torch.zeros(capacity, observations))
        self.register_buffer("actions", torch.zeros(capacity, actions))
        self.register_buffer("following", torch.zeros(capacity, observations))
        self.register_buffer("added", torch.zeros((), dtype=torch.long))  # number of all transitions so far

    def __len__(self) -> int:
        return min(int(self.added), self.capacity)

    @property
    def ready(self) -> bool:
        """Whether the pool holds at least the minimum of transitions."""
        return len(self) >= self.minimum

    def add(self, transitions: Transitions) -> None:
        """Adds transitions (B, ...), overwriting the oldest ones."""
        n = len(transitions.observations)
        kept = min(n, self.capacity)
        places = (self.added + n - kept + torch.arange(kept, device=self.added.device)) % self.capacity
        for name, values in transitions._asdict().items():
            getattr(self, name)[places] = values[n - kept :].to(getattr(self, name))
        self.added += n

    def draw(self, *shape: int) -> Transitions:
        """Transitions drawn uniformly and with replacement, (*shape, ...)."""
        chosen = torch.randint(len(self), shape, device=self.added.device)
        return Transitions(self.observations[chosen], self.actions[chosen], self.following[chosen])

    def standardised(self, transitions: Transitions) -> Transitions:
        """The transitions, standardised by the mean and standard deviation of the pool's observations and actions.

        Next observations have the same statistics as observations.
        """
        known = (values[: len(self)].double() for values in (self.observations, self.actions))
        of_observations, of_actions = ((values.mean(0), values.std(0, correction=0) + 1e-8) for values in known)

        def standardise(values: Tensor, mean: Tensor, std: Tensor) -> Tensor:
            return ((values - mean) / std).float()

        return Transitions(
            standardise(transitions.observations, *of_observations),
            standardise(transitions.actions, *of_actions),
            standardise(transitions.following, *of_observations),
        )
