"""Loggers of the first rank alone."""

import functools
from collections.abc import Callable
from typing import ParamSpec

from pytorch_lightning.loggers.logger import DummyLogger, Logger
from pytorch_lightning.utilities import rank_zero_only

P = ParamSpec("P")


def on_first_rank(build: Callable[P, Logger]) -> Callable[P, Logger]:
    """Decorator of a function that builds a logger; on other ranks than the first, the logger does nothing."""

    @functools.wraps(build)
    def built(*args: P.args, **kwargs: P.kwargs) -> Logger:
        return build(*args, **kwargs) if rank_zero_only.rank == 0 else DummyLogger()

    return built
