"""What several tests need: configurations, small data, runs that are cut off, comparisons."""

import copy
import functools
from collections.abc import Sequence
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from torch.utils._python_dispatch import TorchDispatchMode

from genzoo.callbacks.losses import Losses
from genzoo.core.batches import ImageSet
from genzoo.core.checkpoints import FORMAT
from genzoo.data.module import SPLITS, ImageData
from genzoo.runs.train import train

ROOT = Path(__file__).parents[2]
DATA = {path.stem: path.read_text() for path in sorted((ROOT / "conf" / "data").glob("[!_]*.yaml"))}  # name -> its YAML
ENVIRONMENTS = [name for name, text in DATA.items() if "_environment" in text]
IMAGE_SETS = [name for name in DATA if name not in ENVIRONMENTS]
# 28 pixels, grey, four classes: fits every image model; drawn in milliseconds.
SHAPES = ("data=shapes", "data.size=28", "data.channels=1", "data.n_train=64", "data.n_validation=32", "data.n_test=32")

# What a run of an experiment leaves as metrics.json, as far as records need it.
RECORD = {
    "experiment": "infogan/mnist",
    "seed": 3,
    "metrics": {"test/x": 0.5},
    "rounds": 10,
    "of_rounds": 10,
    "config_hash": "abc",
    "trained_by": "0.1.0+1234567",
    "measured_by": "0.1.0+1234567",
    "device": "CPU",
    "date": "2026-01-02",
    "marks": [],
}


def checkpoint_content(rounds: int = 0, **changes: object) -> dict:
    """The least that a checkpoint holds."""
    config = {
        "seed": 0,
        "recipe": {"name": "gan"},
        "model": {"_target_": "genzoo.core.latent.Latent"},
        "data": {"_target_": "genzoo.data.shapes.Shapes"},
        "paths": {"data": "data"},
        "trainer": {
            **{"rounds": 10, "width": "smoke", "marks": [], "accelerator": "cpu", "devices": 1},
            **{"strategy": "auto", "precision": "32-true", "options": {}},
        },
        **{"channels_last": True, "compile": False, "deterministic": False},
    }
    data = {"source": "official", "fingerprint": "abc"}
    content = {
        "state_dict": {"weight": torch.arange(6.0)},
        "optimizer_states": [],
        **{"lr_schedulers": [], "callbacks": {}, "epoch": 0, "global_step": 0, "pytorch-lightning_version": "2.6.4"},
        "progress": {"rounds": rounds, "seen": 0},
        "genzoo": {"format": FORMAT, "config": config, "choices": {}, "data": data, "trained_by": "0.1.0"},
    }
    return content | changes


class Count(TorchDispatchMode):
    """Counts what torch is asked to compute."""

    calls = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.calls += 1
        return function(*args, **(kwargs or {}))


def cpu_trainer(**options) -> pl.Trainer:
    """A trainer that plays the loader's one pass on the CPU and leaves nothing behind."""
    quiet = {"logger": False, "enable_checkpointing": False}
    return pl.Trainer(
        accelerator="cpu", max_epochs=1, enable_progress_bar=False, enable_model_summary=False, **quiet, **options
    )


#: Keys whose values are set after Hydra has composed the rest, which takes a third of a second and is then kept.
LATE = ("paths.runs", "paths.data", "resume", "ckpt")


@functools.cache
def _composed(overrides: tuple[str, ...], name: str) -> DictConfig:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose(name, overrides=list(overrides))


def composed(*overrides: str, name: str = "train") -> DictConfig:
    """A configuration as the command line composes it; a copy of the test's own."""
    late = [override for override in overrides if override.partition("=")[0] in LATE]
    config = copy.deepcopy(_composed(tuple(override for override in overrides if override not in late), name))
    config.merge_with_dotlist(late)
    return config


def resolved(*overrides: str) -> dict:
    """The same as plain containers."""
    return OmegaConf.to_container(composed(*overrides), resolve=True)


def loaded(data: ImageData) -> dict[str, ImageSet]:
    """Its splits, by name, after a try to download what is missing."""
    data.prepare_data()
    return {name: data.split(name) for name in SPLITS}


class Cut(Exception):
    """A run dies."""


def train_until_cut(config: DictConfig, round: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains until the losses of that round are logged, where the run dies."""
    act = Losses.act

    def cut(self, trainer, module):
        act(self, trainer, module)
        if module.progress.rounds == round:
            raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(Losses, "act", cut)
        with pytest.raises(Cut):
            train(config)


def state(run: Path) -> dict:
    """What a run's last checkpoint holds."""
    return torch.load(run / "last.ckpt", weights_only=True)


def whole_and_cut(options: Sequence[str], at: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict, dict]:
    """The last checkpoints of a run that is not cut, and of one that dies in round ``at`` and is resumed."""
    whole, cut = (f"paths.runs={folder}/{name}" for name in ("whole", "cut"))
    train(composed(*options, whole))
    train_until_cut(composed(*options, cut), at, monkeypatch)
    (run,) = (folder / "cut").glob("*/*")
    train(composed(*options, cut, f"resume={run}"))
    return state(next((folder / "whole").glob("*/*"))), state(run)


def same(a, b) -> bool:
    """Whether two nested containers of tensors are equal to the bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


class Constant(torch.nn.Module):
    """A generator: tiny images of one value, whatever the code."""

    shape = (1, 2, 2)

    def __init__(self, latent):
        super().__init__()
        self.value = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, z):
        return self.value.expand(len(z), *self.shape)
