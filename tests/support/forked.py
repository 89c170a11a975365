"""Processes that are forked from one server which has imported what takes seconds: torch, Lightning, the families."""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

from support import ROOT

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["genzoo.runs.train", "genzoo.adversarial.gan", "genzoo.variational.model", "genzoo.reinforcement.vime"]
)


class Entry:
    """A script and its arguments in a process of its own, as ``python <script> <arguments>``, which has begun.

    What matters before the first import of torch or Lightning (their environment variables) needs a real command.

    Args:
        script: its path in the repository.
        arguments: of the command line.
        cwd: its working directory.
        path: a folder of further modules.
    """

    def __init__(self, script: str, *arguments: str, cwd: Path = ROOT, path: Path | None = None):
        self.output = Path(tempfile.mkdtemp(prefix="genzoo-entry-"))
        given = (ROOT / script, arguments, cwd, path, dict(os.environ), self.output)
        self.process: BaseProcess = CONTEXT.Process(target=_play, args=given)
        self.process.start()

    def finish(self, timeout: float = 200) -> subprocess.CompletedProcess:
        """Its status and what it has printed, once it has ended."""
        self.process.join(timeout)
        assert self.process.exitcode is not None, "it did not end"
        printed = ((self.output / name).read_text() for name in ("stdout", "stderr"))
        return subprocess.CompletedProcess([], self.process.exitcode, *printed)


def run(script: str, *arguments: str, **options: Path) -> subprocess.CompletedProcess:
    """An ``Entry`` from its beginning to its end."""
    return Entry(script, *arguments, **options).finish()


def _play(
    script: Path, arguments: tuple[str, ...], cwd: Path, path: Path | None, environment: Mapping[str, str], output: Path
) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    if path is not None:
        sys.path.insert(0, str(path))
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(output / name, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = [str(script), *arguments]
    runpy.run_path(str(script), run_name="__main__")
