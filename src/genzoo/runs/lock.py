"""A lock for a folder, which stores its owner process and becomes invalid when the owner has ended."""

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
HEARTBEAT = 15.0  # seconds between two heartbeats of an owner
TIMEOUT = 120.0  # an owner on another machine counts as dead after this many seconds without a heartbeat


class Owner(NamedTuple):
    """A process: its machine (and process-id namespace), process id, and start time."""

    machine: str
    process: int
    started: str

    @property
    def is_here(self) -> bool:
        """Whether the process runs on this machine, in this process-id namespace."""
        return self.machine == _machine()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Context in which this process owns the folder.

    A lock whose owner has ended is taken over. An owner on another machine counts as ended after two minutes without a
    heartbeat.

    Raises:
        GenzooError: another process owns the folder.
    """
    _acquire(folder)
    stop = threading.Event()
    heartbeats = threading.Thread(target=_send_heartbeats, args=(folder / FILE, stop), daemon=True)
    heartbeats.start()
    try:
        yield
    finally:
        stop.set()
        heartbeats.join()
        with suppress(OSError):
            (folder / FILE).unlink()


def owner_of(folder: Path) -> Owner | None:
    """Returns the running process that owns a folder, or None."""
    path = folder / FILE
    try:
        owner = Owner(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):  # no lock, or not a lock file
        return None
    if owner.is_here:
        return owner if _started(owner.process) == owner.started else None
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=folder) as probe:  # by the file system's clock
        if os.stat(probe.name).st_mtime - path.stat().st_mtime > TIMEOUT:
            return None
    return owner


def _acquire(folder: Path) -> None:
    first_heartbeat = None
    while True:
        with _exclusively(folder):
            if (owner := owner_of(folder)) is None:
                write_json(folder / FILE, Owner(_machine(), os.getpid(), _started(os.getpid()))._asdict())
                return
        with suppress(OSError):
            beat = (folder / FILE).stat().st_mtime
            first_heartbeat = first_heartbeat or beat
            if owner.is_here or beat != first_heartbeat:
                raise GenzooError(
                    f"{folder} is in use by process {owner.process} on {owner.machine.split()[0]}; wait for its end, "
                    "or stop it, then give the same command."
                )
        time.sleep(1.0)  # wait for a heartbeat of the owner on another machine


def _send_heartbeats(path: Path, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT):
        with suppress(OSError):
            os.utime(path)


@contextmanager
def _exclusively(folder: Path) -> Iterator[None]:
    """Context in which no other process of this machine checks the lock, so that only one acquires it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without flock
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _machine() -> str:
    """Returns the host name, and on Linux the process-id namespace, which differs per container."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _started(process: int) -> str | None:
    """Returns the start time of a process on this machine, in system units; None if it does not run."""
    try:
        if not Path("/proc/self/stat").exists():  # not Linux
            command = ["ps", "-o", "lstart=", "-p", str(process)]
            return subprocess.run(command, capture_output=True, text=True).stdout.strip() or None
        state, *fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else fields[18]  # a zombie has ended; starttime is field 22 of proc(5)
