"""At which rounds something is due."""

from genzoo.core.errors import GenzooError


class Milestones:
    """Powers of two while training is young, then evenly spaced rounds.

    Args:
        times: how often in a run of ``rounds``, evenly; or
        every: every so many rounds.

    Example:
        >>> [r for r in range(1, 101) if Milestones(times=4).due(r, rounds=100)]
        [1, 2, 4, 8, 16, 25, 50, 75, 100]
    """

    def __init__(self, times: int | None = None, every: int | None = None):
        if (times is None) == (every is None) or (times or every or 0) < 1:
            raise GenzooError(
                f"callbacks: give a positive number of times a run or every so many rounds, not {times=}, {every=}."
            )
        self.times, self.every = times, every

    def due(self, round: int, rounds: int) -> bool:
        """Whether it is due after ``round`` of ``rounds`` rounds."""
        every = self.every or max(rounds // self.times, 1)
        return round % every == 0 or (round < every and round & (round - 1) == 0)
