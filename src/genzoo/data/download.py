"""Atomic downloads, with a time limit if there is no network."""

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

TIMEOUT = 5.0  # seconds to wait for an answer of a host

log = logging.getLogger("genzoo")


class DownloadError(Exception):
    """A download failed; the message is the reason in one line."""


@contextmanager
def downloading(folder: Path, what: str, urls: Sequence[str]) -> Iterator[Path]:
    """Yields a temporary folder whose files are moved to ``folder`` if the block ends without an error.

    Args:
        folder: target folder; relative paths are kept.
        what: description of the files, for the log.
        urls: sources; at least one host must answer, unless none is known.

    Raises:
        DownloadError: no host answers, or the block raised an error of a download or disk.
    """
    if urls and not _answers(urls):
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
    """Whether a host answers in time; in threads, because the lookup of a host name has no timeout."""
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def ask(url: str) -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=TIMEOUT).close()
            answers.put(True)
        except urllib.error.HTTPError:  # an error status is an answer, too
            answers.put(True)
        except (OSError, HTTPException):
            answers.put(False)

    for url in urls:
        threading.Thread(target=ask, args=(url,), daemon=True).start()
    try:
        return any(answers.get(timeout=TIMEOUT) for _ in urls)
    except queue.Empty:
        return False
