"""The best checkpoint of a run."""

import math
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from genzoo.callbacks.evaluation import measure
from genzoo.callbacks.every import EveryRounds
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.metrics.evaluation import Metric


@register
class Best(EveryRounds):
    """Computes a metric on validation data regularly and keeps ``best.ckpt``, the checkpoint with the lowest value.

    Args:
        metric: metric with exactly one value (none if the module lacks the capability); lower is better.
        times, every: see ``EveryRounds``.
    """

    def __init__(self, metric: Metric, times: int | None = 20, every: int | None = None):
        super().__init__(times, every)
        if not isinstance(metric, Metric):
            raise GenzooError("callbacks.best.metric: expected a metric, as in conf/metrics; or use callbacks=default.")
        self.metric = metric
        self.value = self.last = math.inf  # the lowest and the last value

    def state_dict(self) -> dict[str, Any]:
        """Returns the lowest value so far, for comparison in a resumed run."""
        return {"value": self.value}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the lowest value.

        Raises:
            GenzooError: it is not a number.
        """
        if not isinstance(value := state.get("value"), int | float):
            raise GenzooError("callbacks.Best.value: the checkpoint's value is not a number; give another checkpoint.")
        self.value = value

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Rank 0 computes the metric; all ranks take part in saving."""
        values = {}
        if trainer.is_global_zero:
            values = measure({"best": self.metric}, trainer, module, ["validation"]).values
        self.last = trainer.strategy.broadcast(next(iter(values.values()), math.inf))
        if self.last < self.value:
            self.value = self.last
            module.check_health()
            trainer.save_checkpoint(Path(trainer.default_root_dir) / "best.ckpt")
