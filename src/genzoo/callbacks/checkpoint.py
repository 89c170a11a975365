"""Checkpoints between rounds."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint

from genzoo.callbacks.every import EveryRounds
from genzoo.core.milestones import Milestones
from genzoo.core.registry import register


@register
class Checkpoints(EveryRounds, Checkpoint):
    """Writes ``last.ckpt`` regularly and, optionally, keeps a checkpoint every ``keep_every`` rounds.

    A checkpoint is written only if losses and parameters are finite. (Lightning runs a ``Checkpoint`` after all other
    callbacks.)

    Args:
        times, every: intervals of ``last.ckpt``; see ``EveryRounds``.
        keep_every: interval in rounds of the kept ``checkpoints/round-<n>.ckpt``; None = never.
    """

    def __init__(self, times: int | None = 10, every: int | None = None, keep_every: int | None = None):
        super().__init__(times, every)
        self.kept = Milestones(every=keep_every) if keep_every else None

    def on_load_checkpoint(self, trainer: pl.Trainer, module: pl.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Restores Lightning's count of optimizer steps, which is part of every checkpoint."""
        steps = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress.total
        steps.ready = steps.completed = checkpoint["global_step"]

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Saves, on every rank, since some strategies gather weights."""
        module.check_health()
        folder = Path(trainer.default_root_dir)
        trainer.save_checkpoint(folder / "last.ckpt")

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *args: object) -> None:
        """Saves if a checkpoint is due."""
        super().on_train_batch_end(trainer, module, *args)
        rounds = module.progress.rounds
        if self.kept and self.kept.due(rounds, trainer.datamodule.rounds):
            module.check_health()
            trainer.save_checkpoint(Path(trainer.default_root_dir) / "checkpoints" / f"round-{rounds:06d}.ckpt")
