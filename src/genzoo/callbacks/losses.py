"""Logs the values that rounds accumulate on the device."""

import time

import pytorch_lightning as pl
import torch

from genzoo.callbacks.every import EveryRounds
from genzoo.core.registry import register


@register
class Losses(EveryRounds):
    """Reads the module's meters, checks that values are finite, and sends the means to the loggers.

    ``latest`` holds the values last read, for the progress bar. The loggers' axis is images seen.

    Args:
        times, every: see ``EveryRounds``.
    """

    def __init__(self, times: int | None = 200, every: int | None = None):
        super().__init__(times, every)
        self.latest: dict[str, float] = {}
        self._since = (0.0, 0)

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Starts the clock."""
        super().on_train_start(trainer, module)
        self._since = (time.perf_counter(), module.progress.seen)

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Reads and logs the values; the only synchronisation with the device."""
        module.check_losses()
        means = module.meters.means()
        if means:
            stacked = trainer.strategy.reduce(torch.stack(list(means.values())), reduce_op="mean")
            self.latest = dict(zip(means, stacked.tolist(), strict=True))
        now, seen = time.perf_counter(), module.progress.seen
        rate = (seen - self._since[1]) / max(now - self._since[0], 1e-9)
        self._since = (now, seen)
        metrics = {f"train/{name}": value for name, value in self.latest.items()}
        metrics |= {"progress/rounds": module.progress.rounds, f"progress/{module.unit}_per_second": rate}
        for logger in trainer.loggers:
            logger.log_metrics(metrics, step=seen)
