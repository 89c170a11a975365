"""Base of the callbacks that run after certain rounds."""

from typing import Any

import pytorch_lightning as pl

from genzoo.core.milestones import Milestones


class EveryRounds(pl.Callback):
    """Calls ``act`` after the rounds that are due, and after the last round, even if training was interrupted.

    Args:
        times, every: see ``Milestones``.
    """

    def __init__(self, times: int | None = None, every: int | None = None):
        self.milestones = Milestones(times, every)
        self._acted = 0

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """The action of the callback; runs on every rank."""
        raise NotImplementedError

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Skips the round that a run is resumed from, since the action has already run for it."""
        self._acted = module.progress.rounds

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Calls ``act`` if a milestone is due."""
        if self.milestones.due(module.progress.rounds, trainer.datamodule.rounds):
            self._act_once(trainer, module)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Calls ``act`` for the last round."""
        self._act_once(trainer, module)

    def _act_once(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if self._acted != module.progress.rounds:
            self._acted = module.progress.rounds
            self.act(trainer, module)
