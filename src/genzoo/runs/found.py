"""Finds the checkpoints that a setting refers to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import ListConfig

from genzoo.core.errors import GenzooError
from genzoo.launch.sweeps import JOBS, read_jobs


def find_checkpoint(given: Any, key: str) -> Path:
    """Like ``find_checkpoints``, for exactly one run.

    Raises:
        GenzooError: there are none or several.
    """
    paths = find_checkpoints(given, key)
    if len(paths) > 1:
        raise GenzooError(f"{key}={given}: it contains {len(paths)} runs; give one, such as {paths[-1].parent}.")
    return paths[0]


def find_measured(given: Any, key: str) -> list[Path]:
    """Like ``find_checkpoints``, but refuses a parent folder of a single run.

    Raises:
        GenzooError: it is such a folder; see also ``find_checkpoints``.
    """
    paths = find_checkpoints(given, key)
    folder = None if isinstance(given, list | tuple | ListConfig) else Path(str(given))
    if folder and len(paths) == 1 and folder.is_dir() and not (folder / "jobs.json").is_file():
        (path,) = paths
        if path.parent != folder:
            raise GenzooError(f"{key}={given}: it is not a run, but a parent folder of one; give {key}={path.parent}.")
    return paths


def find_checkpoints(given: Any, key: str) -> list[Path]:
    """Returns the checkpoint files that a setting refers to.

    Args:
        given: a ``.ckpt`` file; a run folder, for its ``last.ckpt``; a list of these; the folder of a sweep, for the
            runs of its jobs; or a folder that contains runs.
        key: configuration key of the setting, for messages.

    Raises:
        GenzooError: a checkpoint is missing or given twice, or a job of the sweep is not done.
    """
    if isinstance(given, list | tuple | ListConfig):
        paths = [_file(one, key) for one in given]
    elif given in (None, ""):
        raise GenzooError(f"{key}={given or ''}: give a run folder or a .ckpt file.")
    elif ((folder := Path(str(given))) / JOBS).is_file():
        paths = [_file(run, key) for run in _runs_of(folder, key)]
    elif not (folder / "last.ckpt").is_file() and (runs := sorted(folder.glob("**/last.ckpt"))):
        paths = runs
    else:
        paths = [_file(given, key)]
    if not paths:
        raise GenzooError(f"{key}={given}: there is no checkpoint; give a run folder, a .ckpt file or several of them.")
    for i, path in enumerate(paths):
        if path.resolve() in [other.resolve() for other in paths[:i]]:
            raise GenzooError(f"{key}: {path} is given twice; give each run once.")
    return paths


def newest_checkpoint(runs: Path, key: str) -> Path:
    """Returns the most recently written ``last.ckpt`` under a folder.

    Raises:
        GenzooError: there is no checkpoint.
    """
    checkpoints = sorted(runs.glob("**/last.ckpt"), key=lambda path: path.stat().st_mtime)
    if not checkpoints:
        raise GenzooError(f"{key}=last: there is no run with a checkpoint under {runs}; start one without {key}.")
    return checkpoints[-1]


def run_of(checkpoint: Path) -> Path:
    """Returns the run folder of a checkpoint file.

    Raises:
        GenzooError: the file is not in a run folder.
    """
    for folder in checkpoint.parents[:3]:  # the run folder, its checkpoints/, or abandoned/<n>/
        if (folder / "last.ckpt").is_file() or (folder / "config.yaml").is_file():
            return folder
    raise GenzooError(f"{checkpoint}: it is not in a run folder; put it into a new folder as last.ckpt, and give that.")


def _file(given: Any, key: str) -> Path:
    path = Path(str(given))
    path = path / "last.ckpt" if path.is_dir() else path
    if not path.is_file():
        raise GenzooError(
            f"{key}={given}: there is no checkpoint {path}; give a run folder or a .ckpt file that exists."
        )
    return path


def _runs_of(sweep: Path, key: str) -> Sequence[str]:
    """Returns the run folders of a sweep's jobs."""
    try:
        jobs = read_jobs(sweep)
    except (OSError, ValueError) as error:
        raise GenzooError(
            f"{key}={sweep}: its jobs.json is damaged ({error}); give the runs as {key}=[...]."
        ) from error
    for job in jobs:
        if job.state != "done" or job.folder is None:
            raise GenzooError(
                f"{key}={sweep}: job {job.number} of the sweep is {job.state}; finish the sweep, or give runs as "
                f"{key}=[...]."
            )
    return [job.folder for job in jobs]
