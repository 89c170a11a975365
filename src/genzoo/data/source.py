"""The base of all data sets."""

from typing import Any

import pytorch_lightning as pl

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.checks import check_positive


class Data(pl.LightningDataModule):
    """Training data: images, or an environment to act in.

    Subclasses set ``name`` and ``spec`` and may override ``prepare_data`` (download, in one process per machine).
    ``train_dataloader`` yields the remaining rounds of the training.

    Args:
        batch_size: images (or other units) per batch over all ranks.
        rounds: length of the run in rounds.
        seed: seed of the data order and of random augmentation.

    Raises:
        GenzooError: the batch size is not a positive integer.
    """

    name: str
    spec: DataSpec | EnvironmentSpec
    source = "official"  #: origin of the content; any other value marks the run's results as not comparable
    content = "images"  #: kind of content, for messages

    def __init__(self, batch_size: int, rounds: int, seed: int):
        super().__init__()
        check_positive("data.batch_size", batch_size)
        self.batch_size, self.rounds, self.seed = batch_size, rounds, seed

    def setup(self, stage: str | None = None) -> None:
        """Loads the data; only the first call does."""

    def describe(self) -> str:
        """Returns a description for the first log line of a run."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Returns a hash of the training data; a run is not resumed with other data."""
        raise NotImplementedError

    def differs_from(self, source: str) -> str:
        """Returns the error message for a run that was trained on other data, of source ``source``."""
        return (
            f"the run was trained on data.source={source}, but here data={self.name} is {self.source} or has other "
            f"{self.content}; set data.root=... or GENZOO_DATA to the run's data."
        )

    def initial(self) -> Any:
        """Returns the data for a data-dependent initialisation (``RoundModule.initialise``)."""
        raise NotImplementedError
