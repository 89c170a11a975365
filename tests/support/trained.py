"""Runs of seconds, for tests of what can be done with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from genzoo.runs.train import train
from support import composed

SETTINGS = ("trainer=smoke", "recipe.batch_size=16", "logger=none", "metrics=none", "callbacks.pictures=null")


class Trained:
    """Trains each model once, when its run folder is asked for.

    Args:
        runs: folder of the runs.
        given: model -> its overrides.
    """

    def __init__(self, runs: Path, given: Mapping[str, Sequence[str]]):
        self.runs, self.given, self.folders = runs, given, {}

    def __call__(self, model: str) -> Path:
        """The run folder of a model."""
        if model not in self.folders:
            run = train(composed(*self.given[model], f"model={model}", *SETTINGS, f"paths.runs={self.runs}"))
            self.folders[model] = run.folder
        return self.folders[model]
