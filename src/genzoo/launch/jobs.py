"""The process of one job of a sweep."""

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
    """What a sweep needs of a job that runs, here or elsewhere; ``subprocess.Popen`` has it."""

    def poll(self) -> int | None:
        """The exit status, or None while the job runs."""

    def terminate(self) -> None:
        """Asks the job to finish its round and write its checkpoint."""

    def wait(self) -> int:
        """The exit status, once there is one."""

    def kill(self) -> None:
        """Ends the job at once."""


class Orphan:
    """A job that an earlier start of the sweep, itself killed, has left running, as a ``Process``.

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
        """That of a finished run; any other is one that can go on."""
        try:
            return 0 if json.loads((self.run / "metrics.json").read_text())["state"] == "finished" else 130
        except (OSError, ValueError, KeyError, TypeError):
            return 130

    def terminate(self, number: int = signal.SIGTERM) -> None:
        """See ``Process``; one on another machine has to end by itself."""
        if (owner := owner_of(self.run)) and owner.is_here:
            os.kill(owner.process, number)

    def kill(self) -> None:
        """See ``Process``."""
        self.terminate(signal.SIGKILL)


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
        """The overrides, and ``resume=<folder>`` if the job has left a checkpoint, which does not decide on devices."""
        run = self.run
        return [*self.overrides, f"resume={run}"] if run and (run / "last.ckpt").exists() else self.overrides

    @property
    def run(self) -> Path | None:
        """The folder of the run that the job has begun."""
        return Path(self.told.read_text()) if self.told.exists() else None

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
