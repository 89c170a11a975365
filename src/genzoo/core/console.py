"""Log lines on the console."""

import logging
from typing import TextIO

from pytorch_lightning.utilities.rank_zero import rank_zero_only


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
