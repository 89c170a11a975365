"""The best checkpoint of a run."""

import math
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from genzoo.callbacks.every import EveryRounds
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.metrics.evaluation import Metric, evaluate


@register
class Best(EveryRounds):
    """Measures on validation data now and then and keeps ``best.ckpt``, the checkpoint with the lowest value.

    Args:
        metric: gives exactly one value (none, if the module is not capable of it); lower is better.
        times, every: see ``EveryRounds``.
    """

    def __init__(self, metric: Metric, times: int | None = 20, every: int | None = None):
        super().__init__(times, every)
        if not isinstance(metric, Metric):
            raise GenzooError(
                "callbacks.best.metric: a metric is needed, as in conf/metrics; or use callbacks=default."
            )
        self.metric = metric
        self.value = self.last = math.inf  # the lowest and the last one measured

    def state_dict(self) -> dict[str, Any]:
        """The lowest value so far, so that a resumed run goes on comparing with it."""
        return {"value": self.value}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores it.

        Raises:
            GenzooError: it is no number.
        """
        if not isinstance(value := state.get("value"), int | float):
            raise GenzooError("callbacks.Best.value: the checkpoint's is no number; give another one.")
        self.value = value

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """The first rank measures; all take part in saving."""
        values = {}
        if trainer.is_global_zero:
            values = evaluate({"best": self.metric}, module, trainer.datamodule, "validation").values
            progress = module.progress
            for logger in trainer.loggers:
                if values:
                    logger.log_metrics({**values, "progress/rounds": progress.rounds}, step=progress.seen)
        self.last = trainer.strategy.broadcast(next(iter(values.values()), math.inf))
        if self.last < self.value:
            self.value = self.last
            module.check_health()
            trainer.save_checkpoint(Path(trainer.default_root_dir) / "best.ckpt")
