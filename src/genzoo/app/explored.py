"""A model that the explorer shows."""

from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import Any

from torch import Tensor

from genzoo.core.images import from_levels
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data
from genzoo.runs.build import build_data
from genzoo.runs.load import loaded
from genzoo.runs.resume import relocate


class Explored:
    """A model of a checkpoint, ready for use, and the data that it was trained on, which are loaded at first use.

    Args:
        module: the model.
        data: its data, not loaded.
        name: of the model, for people.

    Attributes:
        offers: capabilities of the model and kinds of its data, which tabs may need.
        lock: of the model, which is in one mode at a time.
    """

    def __init__(self, module: RoundModule, data: Data, name: str):
        self.module, self.name, self._data = module, name, data
        self.spec = data.spec
        self.offers = module.capabilities() | data.spec.kinds
        self.lock = Lock()

    @cached_property
    def data(self) -> Data:
        """The data, loaded.

        Raises:
            GenzooError: they cannot be loaded.
        """
        self._data.prepare_data()
        self._data.setup()
        return self._data

    def images(self, split: str, most: int) -> Tensor:
        """The first images of a split, at most ``most``, (N, C, H, W) in [-1, 1]."""
        return from_levels(self.data.evaluation_images(split).images[:most], self.spec.levels)


def explored(cfg: Mapping[str, Any]) -> Explored:
    """Loads the model of a checkpoint.

    Args:
        cfg: composed from conf/explore.yaml, in plain containers.

    Raises:
        GenzooError: the checkpoint is missing, damaged or refused.
    """
    module, stored, _ = loaded(cfg["ckpt"], "ckpt", cfg["trust"], cfg["device"])
    config = stored["config"]
    data = build_data({"data": relocate(config, cfg, cfg["data"]["root"])})
    return Explored(module, data, f"{config['recipe']['name']} on {data.name}, {module.progress.rounds} rounds")
