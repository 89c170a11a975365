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
    """Keeps ``last.ckpt`` fresh and, if asked, a copy every so many rounds.

    Nothing is written before losses and parameters were found healthy. (Being a ``Checkpoint``, Lightning runs it after
    all other callbacks.)

    Args:
        times, every: of ``last.ckpt``; see ``EveryRounds``.
        keep_every: keeps ``checkpoints/round-<n>.ckpt`` every so many rounds; None = never.
    """

    def __init__(self, times: int | None = 10, every: int | None = None, keep_every: int | None = None):
        super().__init__(times, every)
        self.kept = Milestones(every=keep_every) if keep_every else None

    def on_load_checkpoint(self, trainer: pl.Trainer, module: pl.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Lets Lightning's count of optimizer steps go on, too, which is written into every checkpoint."""
        steps = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress.total
        steps.ready = steps.completed = checkpoint["global_step"]

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Every rank takes part, as some strategies gather weights."""
        module.check_health()
        folder = Path(trainer.default_root_dir)
        trainer.save_checkpoint(folder / "last.ckpt")

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *args: object) -> None:
        """Saves where due."""
        super().on_train_batch_end(trainer, module, *args)
        rounds = module.progress.rounds
        if self.kept and self.kept.due(rounds, trainer.datamodule.rounds):
            module.check_health()
            trainer.save_checkpoint(Path(trainer.default_root_dir) / "checkpoints" / f"round-{rounds:06d}.ckpt")
