"""Ends training when its time is over."""

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl

from genzoo.callbacks.ending import Ending, any_rank
from genzoo.core.errors import GenzooError
from genzoo.core.kinds import shown

log = logging.getLogger("genzoo")
FORMAT = re.compile(r"(?:(\d+):)?(\d+):([0-5]?\d):([0-5]?\d)")  # days are optional


class TimeLimit(Ending):
    """Ends training after the round in which the limit is reached; checkpoint, pictures and metrics are written.

    The time counts from the creation of this object, so each start of a run has its own.

    Args:
        limit: ``HH:MM:SS`` or ``DD:HH:MM:SS``.
        clock: returns the time in seconds; it must be monotonic.

    Raises:
        GenzooError: the limit has another format, or is zero.
    """

    def __init__(self, limit: str, clock: Callable[[], float] = time.monotonic):
        super().__init__()
        self.limit, self.clock = limit, clock
        self.end_time = clock() + seconds_of(limit)

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Ends training if the time is over, unless this was the last round."""
        over = any_rank(trainer, module, self.clock() >= self.end_time)
        if over and self.reason is None and module.progress.rounds < trainer.datamodule.rounds:
            self.end(trainer, f"time limit {self.limit} reached")
            log.warning(f"{self.reason}; resume continues with round {module.progress.rounds + 1}")


def seconds_of(limit: str) -> int:
    """Returns the seconds of a time limit.

    Raises:
        GenzooError: it has another format, or is zero.

    >>> seconds_of("02:00:00"), seconds_of("1:00:00:05")
    (7200, 86405)
    """
    found = FORMAT.fullmatch(limit) if isinstance(limit, str) else None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total == 0:
        raise GenzooError(
            f"trainer.limit_time={shown(limit)}: a positive time as HH:MM:SS or DD:HH:MM:SS is needed; "
            "write 02:00:00 for two hours, or null for no limit."
        )
    return total
