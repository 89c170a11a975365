"""The process that runs one job of a sweep."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from genzoo.runs.lock import owner_of


class Process(Protocol):
    """Interface of a running job, on this machine or another; ``subprocess.Popen`` implements it."""

    def poll(self) -> int | None:
        """Returns the exit status, or None while the job runs."""

    def terminate(self) -> None:
        """Sends SIGTERM: the job finishes its round, writes its checkpoint and exits."""

    def wait(self) -> int:
        """Blocks until the job has ended and returns its exit status."""

    def kill(self) -> None:
        """Sends SIGKILL."""


class DetachedJob:
    """A job that still runs although the sweep process that started it was killed, as a ``Process``.

    Args:
        run: the folder of its run.
    """

    def __init__(self, run: Path):
        self.run = run

    def poll(self) -> int | None:
        """See ``Process``."""
        return None if owner_of(self.run) else self._status()

    def wait(self) -> int:
        """See ``Process``."""
        while (status := self.poll()) is None:
            time.sleep(0.1)
        return status

    def _status(self) -> int:
        """0 if the run has finished, else 130 (interrupted), so that the sweep resumes it."""
        try:
            return 0 if json.loads((self.run / "metrics.json").read_text())["state"] == "finished" else 130
        except (OSError, ValueError, KeyError, TypeError):
            return 130

    def terminate(self, number: int = signal.SIGTERM) -> None:
        """See ``Process``; a job on another machine cannot be signalled and has to end by itself."""
        if (owner := owner_of(self.run)) and owner.is_here:
            os.kill(owner.process, number)

    def kill(self) -> None:
        """See ``Process``."""
        self.terminate(signal.SIGKILL)


@dataclass(frozen=True)
class Task:
    """The command of a job.

    If the job was cut short and is started again, it resumes its run.

    Args:
        command: the command line without overrides.
        overrides: Hydra overrides of the job.
        folder_file: file to which the run writes the path of its folder.
        log: file to which stdout and stderr are appended.
        environment: variables added to those of this process.
        dropped: names of variables that the job does not inherit.
    """

    command: Sequence[str]
    overrides: Sequence[str]
    folder_file: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    dropped: Sequence[str] = ()

    @property
    def arguments(self) -> Sequence[str]:
        """The overrides, plus ``resume=<folder>`` if the job has left a checkpoint.

        The overrides are repeated because a checkpoint does not choose the devices.
        """
        run = self.run
        return [*self.overrides, f"resume={run}"] if run and (run / "last.ckpt").exists() else self.overrides

    @property
    def run(self) -> Path | None:
        """The folder of the job's run; None before the run has started."""
        return Path(self.folder_file.read_text()) if self.folder_file.exists() else None

    def start(self) -> subprocess.Popen:
        """Starts the command as a process on this machine."""
        environment = {key: value for key, value in os.environ.items() if key not in self.dropped}
        with open(self.log, "a") as log:
            # A separate session, so that Ctrl-C reaches the job once, through the sweep, and not from the terminal too.
            return subprocess.Popen(
                [*self.command, *self.arguments],
                env={**environment, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
