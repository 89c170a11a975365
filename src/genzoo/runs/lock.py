"""One process per folder: a lock that names its owner, and is void once the owner is dead."""

import fcntl
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from genzoo.core.errors import GenzooError
from genzoo.core.files import write_json

FILE = "lock.json"
BEAT = 15.0  # seconds between two signs of life of an owner
SILENCE = 120.0  # after so many seconds without one, an owner on another machine counts as dead


class Owner(NamedTuple):
    """A process: the machine (and its space of process ids), its id there, and when it was started."""

    machine: str
    process: int
    started: str

    @property
    def is_here(self) -> bool:
        """Whether this machine can see the process."""
        return self.machine == _machine()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Inside, the folder belongs to this process.

    A lock whose owner is known to be dead is taken over. Of an owner on another machine only the signs of life are
    seen: one that gives none for two minutes is dead, too.

    Raises:
        GenzooError: the folder belongs to another process.
    """
    _take(folder)
    stop = threading.Event()
    beats = threading.Thread(target=_beat, args=(folder / FILE, stop), daemon=True)
    beats.start()
    try:
        yield
    finally:
        stop.set()
        beats.join()
        with suppress(OSError):
            (folder / FILE).unlink()


def owner_of(folder: Path) -> Owner | None:
    """The living process that a folder belongs to, or None."""
    path = folder / FILE
    try:
        owner = Owner(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):  # no lock, or not one of ours
        return None
    if owner.is_here:
        return owner if _started(owner.process) == owner.started else None
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=folder) as probe:  # by the clock of the folder's own disk
        if os.stat(probe.name).st_mtime - path.stat().st_mtime > SILENCE:
            return None
    return owner


def _take(folder: Path) -> None:
    first_beat = None
    while True:
        with _alone(folder):
            if (owner := owner_of(folder)) is None:
                write_json(folder / FILE, Owner(_machine(), os.getpid(), _started(os.getpid()))._asdict())
                return
        with suppress(OSError):
            beat = (folder / FILE).stat().st_mtime
            first_beat = first_beat or beat
            if owner.is_here or beat != first_beat:
                raise GenzooError(
                    f"{folder} is in use by process {owner.process} on {owner.machine.split()[0]}; wait for its end, "
                    "or stop it, then give the same command."
                )
        time.sleep(1.0)  # the owner, on another machine, may be dead


def _beat(path: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with suppress(OSError):
            os.utime(path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Inside, no other process of this machine looks at the folder's lock, so that only one takes it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a disk without such locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _machine() -> str:
    """The machine's name, and on Linux the space of process ids, which is a container's own."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _started(process: int) -> str | None:
    """When a process of this machine was started, in units of the system; None if it does not run."""
    try:
        if not Path("/proc/self/stat").exists():  # not Linux
            command = ["ps", "-o", "lstart=", "-p", str(process)]
            return subprocess.run(command, capture_output=True, text=True).stdout.strip() or None
        state, *fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else fields[18]  # a zombie is dead; the other is field 22 of proc(5)
