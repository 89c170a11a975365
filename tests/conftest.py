"""What all tests share: no network, no account, no data set but small shapes drawn on the spot."""

import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from omegaconf import DictConfig

from support import SHAPES, composed

# Networks of a few units: a second thread costs more than it brings. The processes that tests start do likewise.
torch.set_num_threads(int(os.environ.setdefault("OMP_NUM_THREADS", "1")))
os.environ["WANDB_MODE"] = "offline"
os.environ.pop("GENZOO_DATA", None)
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="genzoo-tests-")


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
