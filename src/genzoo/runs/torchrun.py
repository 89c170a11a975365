"""Processes that torchrun has started, on one machine or on several."""

import functools
import os
from datetime import timedelta

import torch.distributed as dist

from genzoo.core.errors import GenzooError
from genzoo.runs.folders import VARIABLE


def started() -> bool:
    """Whether torchrun started this process."""
    return dist.is_torchelastic_launched()


def check_launcher() -> None:
    """Whoever starts processes must be torchrun or genzoo itself.

    Raises:
        GenzooError: another launcher started several.
    """
    launched = os.environ.get("LOCAL_RANK", "0") != "0" and VARIABLE not in os.environ
    copies = int(os.environ.get("SLURM_STEP_NUM_TASKS", 1))  # by srun
    if not started() and (launched or copies > 1):
        raise GenzooError(
            "several processes were started, but not by torchrun; start one, which with trainer=ddp starts the others "
            "of its machine, or, for several machines, torchrun once on each."
        )


def processes() -> tuple[int, int]:
    """Number of processes of this machine, and number of machines."""
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    return here, int(os.environ["WORLD_SIZE"]) // here


def is_first() -> bool:
    """Whether this process is the first of all."""
    return os.environ.get("RANK", "0") == "0"


def tell(what: str, value: str = "") -> None:
    """Lets all other processes know; alone, nobody."""
    if started():
        _store().set(f"genzoo/{what}", value)


def hear(what: str) -> str:
    """What a process tells, or will tell: this waits for it."""
    key = f"genzoo/{what}"
    _store().wait([key], timedelta(days=1))  # a download may take hours; if the other dies, torchrun ends this one too
    return _store().get(key).decode()


@functools.cache
def _store() -> dist.Store:
    store, _, _ = next(dist.rendezvous("env://"))
    return store
