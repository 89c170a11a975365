"""At which rounds something is due."""

from genzoo.core.errors import GenzooError


class Milestones:
    """Every so many rounds, or so often in a run.

    Args:
        times: how often in a run of ``rounds``, evenly, and at powers of two before the first of these.
        every: instead, every so many rounds, and no others.

    Example:
        >>> [r for r in range(1, 101) if Milestones(times=4).due(r, rounds=100)]
        [1, 2, 4, 8, 16, 25, 50, 75, 100]
        >>> [r for r in range(1, 101) if Milestones(every=40).due(r, rounds=100)]
        [40, 80]
    """

    def __init__(self, times: int | None = None, every: int | None = None):
        if ((times or 0) if every is None else every) < 1:
            raise GenzooError(
                f"callbacks: give a positive number of times a run or every so many rounds, not {times=}, {every=}."
            )
        self.times, self.every = times, every

    def due(self, round: int, rounds: int) -> bool:
        """Whether it is due after ``round`` of ``rounds`` rounds."""
        if self.every:
            return round % self.every == 0
        times = self.times or 0  # one of the two is positive
        before, now = ((played * times) // rounds for played in (round - 1, round))
        return now > before or (now == 0 and round & (round - 1) == 0)
