"""Run folders: one a run, never shared."""

import logging
import os
import time
from pathlib import Path

from genzoo.core.errors import GenzooError
from genzoo.core.files import plain_name
from genzoo.runs.lock import owner_of

# Processes that the strategy starts for the other devices find the first one's folder here.
VARIABLE = "GENZOO_RUN_FOLDER"
# A job of a sweep finds here the file into which to write its folder's name.
JOB = "GENZOO_JOB"


def create_run_folder(runs: Path, name: str, seed: int) -> Path:
    """A new folder ``<runs>/<name>/<time>-seed<seed>``; jobs of the same second get different ones.

    Raises:
        GenzooError: the name is a path, the folder cannot be written, or the job's run is going on in another process.
    """
    plain_name("recipe.name", name)
    if given := os.environ.get(VARIABLE):
        return Path(given)
    if (job := os.environ.get(JOB)) and Path(job).exists() and (owner := owner_of(Path(Path(job).read_text()))):
        raise GenzooError(f"{Path(job).read_text()}: process {owner.process} plays this job already; wait for its end.")
    stem = f"{time.strftime('%Y-%m-%d_%H-%M-%S')}-seed{seed}"
    for attempt in range(1, 1000):
        folder = runs / name / (stem if attempt == 1 else f"{stem}-{attempt}")
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
            if job:
                Path(job).write_text(str(folder.resolve()))
            return folder
        except FileExistsError:
            if not folder.is_dir():
                raise GenzooError(f"paths.runs={runs}: {folder.parent} is not a folder; choose another one.") from None
        except OSError as error:
            raise GenzooError(
                f"paths.runs={runs}: the run folder {folder} cannot be made ({error.strerror}); "
                "choose a folder that you may write to."
            ) from error
    raise GenzooError(f"paths.runs={runs}: no free folder name for {stem}.")


def log_to(folder: Path) -> logging.Handler:
    """Copies genzoo's log lines to ``run.log`` in the folder; close the handler at the end."""
    handler = logging.FileHandler(folder / "run.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger("genzoo").addHandler(handler)
    return handler
