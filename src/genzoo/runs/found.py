"""The checkpoints that a user means."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import ListConfig

from genzoo.core.errors import GenzooError
from genzoo.launch.sweeps import JOBS, read_jobs


def find_checkpoint(given: Any, key: str) -> Path:
    """As ``find_checkpoints``, of one run.

    Raises:
        GenzooError: there is none, or several.
    """
    paths = find_checkpoints(given, key)
    if len(paths) > 1:
        raise GenzooError(f"{key}={given}: {len(paths)} runs lie there; give one of them, such as {paths[-1].parent}.")
    return paths[0]


def find_measured(given: Any, key: str) -> list[Path]:
    """As ``find_checkpoints``, but a folder above a single run does not mean this run.

    Raises:
        GenzooError: it is named; as for ``find_checkpoints``.
    """
    paths = find_checkpoints(given, key)
    folder = None if isinstance(given, list | tuple | ListConfig) else Path(str(given))
    if folder and len(paths) == 1 and folder.is_dir() and not (folder / "jobs.json").is_file():
        (path,) = paths
        if path.parent != folder:
            raise GenzooError(f"{key}={given}: it is no run, but a folder above one; give {key}={path.parent}.")
    return paths


def find_checkpoints(given: Any, key: str) -> list[Path]:
    """The checkpoint files that a user means.

    Args:
        given: a ``.ckpt`` file, which is the one used; a run's folder, which means its ``last.ckpt``; a list of these;
            the folder of a sweep, which means the runs of its jobs; or a folder that holds runs.
        key: of the configuration that it was given under, for messages.

    Raises:
        GenzooError: one is missing or given twice, a job of the sweep is not done.
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
    """The ``last.ckpt`` under a folder that was written last.

    Raises:
        GenzooError: there is none.
    """
    checkpoints = sorted(runs.glob("**/last.ckpt"), key=lambda path: path.stat().st_mtime)
    if not checkpoints:
        raise GenzooError(f"{key}=last: there is no run with a checkpoint under {runs}; start one without {key}.")
    return checkpoints[-1]


def run_of(checkpoint: Path) -> Path:
    """The run folder that a checkpoint file lies in.

    Raises:
        GenzooError: it lies in none.
    """
    for folder in checkpoint.parents[:3]:  # the run's own, its checkpoints/, or abandoned/<n>/
        if (folder / "last.ckpt").is_file() or (folder / "config.yaml").is_file():
            return folder
    raise GenzooError(f"{checkpoint}: it lies in no run folder; put it into a new folder as last.ckpt, and give that.")


def _file(given: Any, key: str) -> Path:
    path = Path(str(given))
    path = path / "last.ckpt" if path.is_dir() else path
    if not path.is_file():
        raise GenzooError(
            f"{key}={given}: there is no checkpoint {path}; give a run folder or a .ckpt file that exists."
        )
    return path


def _runs_of(sweep: Path, key: str) -> Sequence[str]:
    """The folders of the runs of a sweep."""
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
