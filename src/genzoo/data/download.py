"""Downloads that arrive whole or not at all, and that never hang where there is no network."""

import logging
import os
import queue
import socket
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from http.client import HTTPException
from pathlib import Path

from genzoo.core.errors import GenzooError
from genzoo.data.files import one_line

TIMEOUT = 5.0  # seconds that a host may be silent

log = logging.getLogger("genzoo")


class DownloadError(Exception):
    """Why a download failed, in one line."""


@contextmanager
def downloading(folder: Path, what: str, urls: Sequence[str]) -> Iterator[Path]:
    """A temporary folder whose files move into ``folder`` when the block ends without an error.

    Args:
        folder: takes the files, at the places they have in the temporary folder.
        what: is downloaded, for the log.
        urls: where from; one host at least must answer.

    Raises:
        DownloadError: no host answers, or the block failed as downloads and disks do.
    """
    if not _answers(urls):
        raise DownloadError(f"no answer from {' or '.join(urls)}")
    log.info("Downloading %s to %s", what, folder)
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as aside:
            with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):  # progress bars
                yield Path(aside)
            for file in [path for path in Path(aside).rglob("*") if path.is_file()]:
                target = folder / file.relative_to(aside)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(file, target)
    except (OSError, RuntimeError, HTTPException, GenzooError) as error:
        raise DownloadError(one_line(error)) from error
    finally:
        socket.setdefaulttimeout(patience)


def _answers(urls: Sequence[str]) -> bool:
    """Whether a host answers in time; in threads, because looking up a name knows no timeout."""
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def ask(url: str) -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=TIMEOUT).close()
            answers.put(True)
        except urllib.error.HTTPError:  # an answer, too
            answers.put(True)
        except (OSError, HTTPException):
            answers.put(False)

    for url in urls:
        threading.Thread(target=ask, args=(url,), daemon=True).start()
    try:
        return any(answers.get(timeout=TIMEOUT) for _ in urls)
    except queue.Empty:
        return False
