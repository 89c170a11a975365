"""Support for processes started by torchrun, on one machine or several."""

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
    """Checks that several processes were started by torchrun or by genzoo itself.

    Raises:
        GenzooError: another launcher started several processes.
    """
    launched = os.environ.get("LOCAL_RANK", "0") != "0" and VARIABLE not in os.environ
    copies = int(os.environ.get("SLURM_STEP_NUM_TASKS", 1))  # set by srun
    if not started() and (launched or copies > 1):
        raise GenzooError(
            "several processes were started, but not by torchrun; start one process, which with trainer=ddp starts the "
            "others of its machine, or, for several machines, start torchrun once on each."
        )


def processes() -> tuple[int, int]:
    """Returns the number of processes on this machine, and the number of machines."""
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    return here, int(os.environ["WORLD_SIZE"]) // here


def is_first() -> bool:
    """Whether this process has global rank 0."""
    return os.environ.get("RANK", "0") == "0"


def publish(name: str, value: str = "") -> None:
    """Sets a value in the rendezvous store, for all processes; does nothing without torchrun."""
    if started():
        _store().set(f"genzoo/{name}", value)


def wait_for(name: str) -> str:
    """Waits until a process has published the value, and returns it."""
    key = f"genzoo/{name}"
    _store().wait([key], timedelta(days=1))  # a download may take hours; if that process dies, torchrun ends this one
    return _store().get(key).decode()


@functools.cache
def _store() -> dist.Store:
    store, _, _ = next(dist.rendezvous("env://"))
    return store
