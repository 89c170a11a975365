"""Log lines on the console."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

from pytorch_lightning.utilities.rank_zero import rank_zero_only

#: Whether the terminal shows a progress bar; two at a time overwrite each other.
bar_shown: ContextVar[bool] = ContextVar("bar_shown", default=False)


@contextmanager
def one_bar() -> Iterator[None]:
    """Inside, a progress bar is shown, and inner ones are not."""
    token = bar_shown.set(True)
    try:
        yield
    finally:
        bar_shown.reset(token)


def log_to_console(stream: TextIO) -> None:
    """Prints genzoo's log lines, unless its logger has a handler already; ranks other than 0 print errors only.

    Args:
        stream: standard output or standard error.
    """
    log = logging.getLogger("genzoo")
    if not log.handlers:
        log.addHandler(logging.StreamHandler(stream))
        log.propagate = False
    log.setLevel(logging.INFO if getattr(rank_zero_only, "rank", 0) == 0 else logging.ERROR)
