"""Hyper-parameters that change during training, as functions of the number of completed rounds.

They have no state, so a resumed run continues them exactly.
"""

from typing import Protocol, runtime_checkable

from genzoo.core.checks import check_integer, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


@runtime_checkable
class Finite(Protocol):
    """A schedule that is constant from some round on."""

    @property
    def last_round(self) -> int:
        """The first round of the constant part."""

    def __call__(self, rounds: int) -> float:
        """The value for the round that follows ``rounds`` completed ones."""


@register
class Linear:
    """From ``start`` to ``end`` over ``rounds`` rounds, then constant.

    Example:
        >>> [Linear(start=0.5, end=0.7, rounds=10)(r) for r in (0, 5, 10, 99)]
        [0.5, 0.6, 0.7, 0.7]
    """

    def __init__(self, start: float, end: float, rounds: int):
        check_positive("model.schedules: rounds", rounds)
        self.start, self.end, self.rounds = start, end, rounds

    @property
    def last_round(self) -> int:
        """See ``Finite``."""
        return self.rounds

    def __call__(self, rounds: int) -> float:
        """The value for the round that follows ``rounds`` completed ones."""
        done = self.done(rounds)
        return (1 - done) * self.start + done * self.end

    def done(self, rounds: int) -> float:
        """The share of the way from ``start`` to ``end`` after ``rounds`` completed rounds."""
        return min(rounds / self.rounds, 1.0)


@register
class Power(Linear):
    """From ``start`` to ``end`` over ``rounds`` rounds, where the share of the way is a power of the share of rounds.

    Source: andersbll/deeppy, train/annealers.py: ``GammaAnnealer``.

    Example:
        >>> [Power(start=1.0, end=0.0, rounds=16, power=0.5)(r) for r in (0, 4, 16, 99)]
        [1.0, 0.5, 0.0, 0.0]
    """

    def __init__(self, start: float, end: float, rounds: int, power: float):
        super().__init__(start, end, rounds)
        if not power > 0:
            raise GenzooError(f"model.schedules: power={power}: a positive number is needed.")
        self.power = power

    def done(self, rounds: int) -> float:
        """The share of the way from ``start`` to ``end`` after ``rounds`` completed rounds."""
        return super().done(rounds) ** self.power


@register
class ExponentialDecay:
    """``start`` for ``flat`` rounds, then divided by ``factor`` after every round, down to ``floor``.

    Example:
        >>> [round(ExponentialDecay(start=0.1, factor=10, floor=0.005)(r), 4) for r in (0, 1, 2)]
        [0.1, 0.01, 0.005]
        >>> [round(ExponentialDecay(start=0.1, factor=10, flat=2)(r), 4) for r in (0, 2, 3)]
        [0.1, 0.1, 0.01]
    """

    def __init__(self, start: float, factor: float, floor: float = 0.0, flat: int = 0):
        self.start, self.factor, self.floor = start, factor, floor
        self.flat = check_integer("model.schedules: flat", flat, 0)

    def __call__(self, rounds: int) -> float:
        """The value for the round that follows ``rounds`` completed ones."""
        return max(self.start * self.factor ** -max(rounds - self.flat, 0), self.floor)


@register
class WarmUp:
    """``start`` for the first ``rounds`` rounds and in every ``every``-th round after them, otherwise ``then``.

    Source: martinarjovsky/WassersteinGAN, main.py: the critic's steps.

    Example:
        >>> steps = WarmUp(start=100, rounds=25, every=500, then=5)
        >>> [steps(r) for r in (0, 24, 25, 499, 500, 501)]
        [100, 100, 5, 5, 100, 5]
    """

    def __init__(self, start: int, rounds: int, every: int, then: int):
        for key, value in (("start", start), ("every", every), ("then", then)):
            check_positive(f"model.round.discriminator_steps.{key}", value)
        check_integer("model.round.discriminator_steps.rounds", rounds, 0)
        self.start, self.rounds, self.every, self.then = start, rounds, every, then

    def __call__(self, rounds: int) -> int:
        """The value for the round that follows ``rounds`` completed ones."""
        return self.start if rounds < self.rounds or rounds % self.every == 0 else self.then


@register
class Switch:
    """``start`` for the first ``rounds`` rounds, then ``then``.

    Example:
        >>> [Switch(start=0.01, rounds=10, then=0.5)(r) for r in (0, 9, 10)]
        [0.01, 0.01, 0.5]
    """

    def __init__(self, start: float, rounds: int, then: float):
        check_positive("model.schedules: rounds", rounds)
        self.start, self.rounds, self.then = start, rounds, then

    @property
    def last_round(self) -> int:
        """See ``Finite``."""
        return self.rounds

    def __call__(self, rounds: int) -> float:
        """The value for the round that follows ``rounds`` completed ones."""
        return self.start if rounds < self.rounds else self.then


@register
class StepDecay:
    """``start`` for ``flat`` rounds, then multiplied by ``factor`` after every ``every`` rounds.

    Example:
        >>> [StepDecay(start=0.1, every=10)(r) for r in (0, 9, 10, 20)]
        [0.1, 0.1, 0.05, 0.025]
        >>> [StepDecay(start=1, every=10, factor=0.25, flat=5)(r) for r in (5, 14, 15)]
        [1.0, 1.0, 0.25]
    """

    def __init__(self, start: float, every: int, factor: float = 0.5, flat: int = 0):
        check_positive("model.schedules: every", every)
        if not factor > 0:
            raise GenzooError(f"model.schedules: factor={factor}: a positive number is needed.")
        self.start, self.every, self.factor = start, every, factor
        self.flat = check_integer("model.schedules: flat", flat, 0)

    def __call__(self, rounds: int) -> float:
        """The value for the round that follows ``rounds`` completed ones."""
        return self.start * self.factor ** (max(rounds - self.flat, 0) // self.every)


@register
class LinearDecay:
    """``start`` for ``flat`` rounds, then a linear decay to 0 at round ``end``, updated every ``every`` rounds.

    Source: openai/improved-gan, mnist_svhn_cifar10, where the step size is updated once per epoch.

    Example:
        >>> rate = LinearDecay(start=3.0, flat=4, end=10, every=2)
        >>> [rate(r) for r in (0, 4, 5, 6, 8, 10, 12)]
        [3.0, 3.0, 3.0, 2.0, 1.0, 0.0, 0.0]
    """

    def __init__(self, start: float, flat: int, end: int, every: int = 1):
        for key, value in (("flat", flat), ("end", end), ("every", every)):
            check_positive(f"model.schedules: {key}", value)
        if flat >= end:
            raise GenzooError(f"model.schedules: flat={flat}: fewer rounds than end={end} are needed.")
        self.start, self.flat, self.end, self.every = start, flat, end, every

    @property
    def last_round(self) -> int:
        """See ``Finite``."""
        return self.end

    def __call__(self, rounds: int) -> float:
        """The value for the round that follows ``rounds`` completed ones."""
        begun = rounds - rounds % self.every
        return self.start * min(max(self.end - begun, 0) / (self.end - self.flat), 1.0)
