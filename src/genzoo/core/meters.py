"""Logged scalars, accumulated on the device."""

from collections.abc import Mapping

import torch
from torch import Tensor


class Meters:
    """Running means of named scalars, and the first round in which one of them was not finite.

    Logging takes a few asynchronous operations on the device and no transfer; only reading the values synchronises.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._first_bad: dict[str, Tensor] = {}  # round number, -1 = none

    def log(self, name: str, value: Tensor, round: int | None = None) -> None:
        """Adds a scalar to the mean of its name.

        Args:
            name: e.g. ``generator_loss``.
            value: scalar tensor.
            round: number of the round, from 0; if given, ``first_bad`` also covers this name.
        """
        value = value.detach().float()
        self._sums[name] = self._sums[name].to(value.device) + value if name in self._sums else value
        self._counts[name] = self._counts.get(name, 0) + 1
        if round is not None:
            bad = self._first_bad.get(name)
            if bad is None:
                bad = torch.full((), -1, dtype=torch.long, device=value.device)
            self._first_bad[name] = torch.where(value.isfinite() | (bad >= 0), bad, round)

    def means(self) -> dict[str, Tensor]:
        """The means since the last call, on the device; resets them."""
        means = {name: total / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means

    def state_dict(self) -> dict[str, tuple[float, int]]:
        """Name -> sum and count since the means were last read."""
        return {name: (total.item(), self._counts[name]) for name, total in self._sums.items()}

    def load_state_dict(self, state: Mapping[str, tuple[float, int]]) -> None:
        """Restores the sums and counts of ``state_dict``."""
        self._sums = {name: torch.tensor(total) for name, (total, _) in state.items()}
        self._counts = {name: count for name, (_, count) in state.items()}

    def first_bad(self) -> dict[str, Tensor]:
        """Name -> the first round in which the value was not finite, -1 if none, on the device."""
        return dict(self._first_bad)
