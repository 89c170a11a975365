"""Schedules of the rounds at which a callback runs."""

from genzoo.core.errors import GenzooError


class Milestones:
    """A fixed number of times per run, or every fixed number of rounds.

    Args:
        times: number of evenly spaced times per run; also at powers of two before the first of them.
        every: if given, instead: every this many rounds only.

    Example:
        >>> [r for r in range(1, 101) if Milestones(times=4).due(r, rounds=100)]
        [1, 2, 4, 8, 16, 25, 50, 75, 100]
        >>> [r for r in range(1, 101) if Milestones(every=40).due(r, rounds=100)]
        [40, 80]
    """

    def __init__(self, times: int | None = None, every: int | None = None):
        if ((times or 0) if every is None else every) < 1:
            raise GenzooError(
                f"callbacks: {times=}, {every=}: a positive number of times per run, or of rounds (every), is needed."
            )
        self.times, self.every = times, every

    def due(self, round: int, rounds: int) -> bool:
        """Whether a milestone follows round number ``round`` (from 1) of ``rounds`` rounds."""
        if self.every:
            return round % self.every == 0
        times = self.times or 0  # positive, as ``every`` is None
        before, now = ((played * times) // rounds for played in (round - 1, round))
        return now > before or (now == 0 and round & (round - 1) == 0)
