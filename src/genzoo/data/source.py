"""What every kind of data is to a run."""

from typing import Any

import pytorch_lightning as pl

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.checks import check_positive


class Data(pl.LightningDataModule):
    """What a model learns from: images, or an environment that it acts in.

    Subclasses set ``name`` and ``spec`` and may override ``prepare_data`` (download, on one process a machine).
    ``train_dataloader`` yields the rounds that the trainer's module has still to play.

    Args:
        batch_size: images (or what else is counted) of one batch over all ranks.
        rounds: length of the run in rounds.
        seed: of the order, and of what is drawn with it.

    Raises:
        GenzooError: the batch size is no positive integer.
    """

    name: str
    spec: DataSpec | EnvironmentSpec
    source = "official"  #: where the content came from; anything else is a mark on the run
    content = "images"  #: what it consists of

    def __init__(self, batch_size: int, rounds: int, seed: int):
        super().__init__()
        check_positive("data.batch_size", batch_size)
        self.batch_size, self.rounds, self.seed = batch_size, rounds, seed

    def setup(self, stage: str | None = None) -> None:
        """Loads what is to be loaded, once."""

    def describe(self) -> str:
        """What a run's first line says of it."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """A hash of what is learned from, so that a run never goes on with other data."""
        raise NotImplementedError

    def differs_from(self, source: str) -> str:
        """What a run is told that was trained on data of that source, but not on these."""
        return (
            f"the run was trained on data.source={source}, but here data={self.name} is {self.source} or other "
            f"{self.content}; give its own by data.root=... or GENZOO_DATA."
        )

    def initial(self) -> Any:
        """What a data-dependent initialisation takes (``RoundModule.initialise``)."""
        raise NotImplementedError
