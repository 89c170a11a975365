"""Measurement of elapsed time."""

import os
import time


class Stopwatch:
    """Measures wall-clock and processor time since its creation.

    Example:
        >>> sorted(Stopwatch().read())
        ['processor_seconds', 'seconds']
    """

    def __init__(self) -> None:
        self._start = self._now()

    def read(self) -> dict[str, float]:
        """``seconds`` of wall-clock time; ``processor_seconds`` of this process and of its finished children."""
        seconds, processor = (now - start for now, start in zip(self._now(), self._start, strict=True))
        return {"seconds": round(seconds, 1), "processor_seconds": round(processor, 1)}

    @staticmethod
    def _now() -> tuple[float, float]:
        user, system, children_user, children_system, _ = os.times()
        return time.monotonic(), user + system + children_user + children_system


def clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> clock(75), clock(3700)
    ('1:15', '1:01:40')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
