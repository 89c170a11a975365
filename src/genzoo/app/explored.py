"""A model that the explorer shows."""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from genzoo.core.images import from_levels
from genzoo.core.randomness import generator
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data
from genzoo.runs.build import build_data
from genzoo.runs.load import loaded
from genzoo.runs.resume import relocate


class Explored:
    """A model of a checkpoint, ready for use, and the data that it was trained on, which are loaded at first use.

    Args:
        module: the model.
        source: its data, not loaded.
        name: of the model, for people.
        folder: of the checkpoint, and of the run's pictures and metrics.

    Attributes:
        offers: capabilities of the model and kinds of its data, which tabs may need.
    """

    def __init__(self, module: RoundModule, source: Data, name: str, folder: Path):
        self.module, self.source, self.name, self.folder = module, source, name, folder
        self.spec = source.spec
        self.offers = module.capabilities() | source.spec.kinds

    @cached_property
    def data(self) -> Data:
        """The data, loaded.

        Raises:
            GenzooError: they cannot be loaded.
        """
        self.source.prepare_data()
        self.source.setup()
        return self.source

    @cached_property
    def metrics(self) -> dict[str, float]:
        """What the run has measured; nothing if it has no ``metrics.json`` that can be read."""
        try:
            return json.loads((self.folder / "metrics.json").read_text())["metrics"]
        except (OSError, ValueError, KeyError):
            return {}

    def levels(self, split: str, most: int | None = None) -> Tensor:
        """The levels of the first images of a split, at most ``most``, (N, C, H, W)."""
        return self.data.evaluation_images(split, most).images

    def images(self, split: str, most: int) -> Tensor:
        """The first images of a split, at most ``most``, (N, C, H, W) in [-1, 1]."""
        return from_levels(self.levels(split, most), self.spec.levels)

    def codes(self, seed: int, n: int = 1) -> Tensor:
        """n codes of the prior, (n, latent.width), the same for the same arguments."""
        return self.module.latent.sample(n, generator(seed, "explorer"))

    def decode(self, codes: Tensor) -> Tensor:
        """The images (n, C, H, W) of codes (n, latent.width), on the CPU."""
        return self.module.decode(codes.to(self.module.device)).cpu()


def explored(checkpoint: str, cfg: Mapping[str, Any]) -> Explored:
    """Loads the model of a checkpoint.

    Args:
        checkpoint: see ``genzoo.load``.
        cfg: composed from conf/explore.yaml, in plain containers.

    Raises:
        GenzooError: the checkpoint is missing, damaged or refused.
    """
    module, stored, path = loaded(checkpoint, "ckpt", cfg["trust"], cfg["device"])
    config = stored["config"]
    chosen = relocate(config, cfg, cfg["data"]["root"])
    if "demonstrations" in chosen:  # a policy is watched without the expert that it has imitated
        chosen["demonstrations"] = None
    data = build_data({"data": chosen})
    name = f"{config['recipe']['name']} on {data.name}, {module.progress.rounds:,} rounds"
    return Explored(module, data, name, path.parent)
