"""The process of one job of a sweep."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Process(Protocol):
    """What a sweep needs of a job that runs, here or elsewhere; ``subprocess.Popen`` has it."""

    def poll(self) -> int | None:
        """The exit status, or None while the job runs."""

    def terminate(self) -> None:
        """Asks the job to finish its round and write its checkpoint."""

    def wait(self) -> int:
        """The exit status, once there is one."""

    def kill(self) -> None:
        """Ends the job at once."""


@dataclass(frozen=True)
class Task:
    """What a job runs.

    Started again after it was cut short, by whatever, it goes on with the run that it had begun.

    Args:
        command: the command line without overrides.
        overrides: the job's.
        told: the file in which the run tells its folder.
        log: the file that what it prints is appended to.
        environment: what is added to the process's own.
        dropped: what is taken from it.
    """

    command: Sequence[str]
    overrides: Sequence[str]
    told: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    dropped: Sequence[str] = ()

    @property
    def arguments(self) -> Sequence[str]:
        """The overrides, or ``resume=<folder>`` if the job has left a checkpoint."""
        run = Path(self.told.read_text()) if self.told.exists() else None
        return [f"resume={run}"] if run and (run / "last.ckpt").exists() else self.overrides

    def start(self) -> subprocess.Popen:
        """Starts it as a process of this machine."""
        environment = {key: value for key, value in os.environ.items() if key not in self.dropped}
        with open(self.log, "a") as log:
            # A session of its own: Ctrl-C reaches it once, from the sweep.
            return subprocess.Popen(
                [*self.command, *self.arguments],
                env={**environment, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
