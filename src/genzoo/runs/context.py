"""What belongs to a run while it goes on: its folder, its log, its processes."""

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
from genzoo.runs.folders import VARIABLE, log_to
from genzoo.runs.lock import locked
from genzoo.runs.loggers import close_wandb


def be_quiet() -> None:
    """Shows genzoo's own lines on the console, and nobody else's advice."""
    log_to_console(sys.stdout)
    for library in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric"):
        logging.getLogger(library).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric|wandb")


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """Inside, the folder is this run's alone, genzoo's lines go to its log too, and the run's other processes find it.

    Raises:
        GenzooError: another process has the folder.
    """
    lock = nullcontext() if VARIABLE in os.environ else locked(folder)  # the first process holds it
    with lock:
        handler = log_to(folder)
        os.environ[VARIABLE] = str(folder)
        if torchrun.is_first():
            torchrun.tell("folder", str(folder.resolve()))
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


def load(data: Data) -> None:
    """Prepares the data once per machine, then loads them."""
    machine = f"data of machine {os.environ.get('GROUP_RANK')}"
    if int(os.environ.get("LOCAL_RANK", 0)) == 0:
        data.prepare_data()
        torchrun.tell(machine)
    elif torchrun.started():
        torchrun.hear(machine)
    data.setup()
