"""What a run leaves behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from genzoo.core.rounds import RoundModule
from genzoo.runs.load import load


@dataclass(frozen=True)
class Run:
    """A run that has ended.

    Args:
        folder: the run folder.
        metrics: its test metrics; empty on ranks other than the first.
    """

    folder: Path
    metrics: Mapping[str, float]

    @cached_property
    def model(self) -> RoundModule:
        """The trained model, on the CPU; see ``genzoo.load``."""
        return load(self.folder)
