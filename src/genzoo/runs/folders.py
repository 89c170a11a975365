"""Run folders: one per run, never shared."""

import logging
import os
import time
from pathlib import Path

from genzoo.core.errors import GenzooError
from genzoo.core.files import plain_name
from genzoo.runs.lock import owner_of

# Environment variable with the run folder, for the processes that the strategy starts for the other devices.
VARIABLE = "GENZOO_RUN_FOLDER"
# Environment variable of a sweep's job: the file to which the run writes the path of its folder.
JOB = "GENZOO_JOB"


def create_run_folder(runs: Path, name: str, seed: int) -> Path:
    """Creates a new folder ``<runs>/<name>/<time>-seed<seed>``; runs of the same second get different folders.

    Raises:
        GenzooError: the name is a path, the folder cannot be written, or another process already runs this job.
    """
    plain_name("recipe.name", name)
    # A further rank of a run uses the folder that rank 0 has created.
    if given := os.environ.get(VARIABLE):
        return Path(given)
    # A sweep that was killed may have left this job running: never run it twice.
    if (job := os.environ.get(JOB)) and Path(job).exists() and (owner := owner_of(Path(Path(job).read_text()))):
        raise GenzooError(f"{Path(job).read_text()}: process {owner.process} already runs this job; wait for its end.")
    # mkdir() without exist_ok makes the choice of a name atomic among processes.
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
                f"paths.runs={runs}: the run folder {folder} cannot be created ({error.strerror}); "
                "choose a folder that you may write to."
            ) from error
    raise GenzooError(f"paths.runs={runs}: no free folder name for {stem}.")


def log_to(folder: Path) -> logging.Handler:
    """Copies genzoo's log lines to ``run.log`` in the folder; the caller closes the returned handler."""
    handler = logging.FileHandler(folder / "run.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger("genzoo").addHandler(handler)
    return handler
