"""The context of a running run: lock of its folder, log file, synchronisation of its processes."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from genzoo.core.console import log_to_console
from genzoo.core.errors import GenzooError
from genzoo.data.source import Data
from genzoo.runs import torchrun
from genzoo.runs.comet_logger import close_comet
from genzoo.runs.folders import VARIABLE, log_to
from genzoo.runs.lock import locked
from genzoo.runs.loggers import close_wandb


def be_quiet() -> None:
    """Shows genzoo's own log lines on the console, and suppresses hints and warnings of Lightning and W&B."""
    log_to_console(sys.stdout)
    for library in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric"):
        logging.getLogger(library).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric|wandb")


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """Context in which this run owns the folder, logs to it, and makes its path known to the run's other processes.

    Raises:
        GenzooError: another process owns the folder.
    """
    lock = nullcontext() if VARIABLE in os.environ else locked(folder)  # rank 0 holds the lock
    with lock:
        handler = log_to(folder)
        os.environ[VARIABLE] = str(folder)
        if torchrun.is_first():
            torchrun.publish("folder", str(folder.resolve()))
        try:
            yield
        except GenzooError as error:
            handler.emit(logging.makeLogRecord({"msg": f"stopped: {error}", "levelname": "ERROR"}))
            raise
        finally:
            os.environ.pop(VARIABLE, None)
            logging.getLogger("genzoo").removeHandler(handler)
            handler.close()
            close_wandb()
            close_comet()


def load(data: Data) -> None:
    """Prepares the data in one process per machine, then loads them in every process."""
    machine = f"data of machine {os.environ.get('GROUP_RANK')}"
    if int(os.environ.get("LOCAL_RANK", 0)) == 0:
        data.prepare_data()
        torchrun.publish(machine)
    elif torchrun.started():
        torchrun.wait_for(machine)
    data.setup()
