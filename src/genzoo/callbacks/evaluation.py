"""Metrics and pictures during training."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytorch_lightning as pl

from genzoo.callbacks.every import EveryRounds
from genzoo.core.errors import GenzooError, near
from genzoo.core.pictures import save_picture
from genzoo.core.registry import register
from genzoo.data.module import SPLITS
from genzoo.metrics.evaluation import Evaluation, Metric, check_metrics, evaluate


@register
class Evaluate(EveryRounds):
    """Computes metrics; writes pictures to ``samples/<name>-<round>.png`` and to the loggers.

    The random numbers of training are a function of the round, so this does not change them.

    Args:
        metrics: name -> metric (None = left out); metrics that need a missing capability are skipped.
        times, every: see ``EveryRounds``.
        splits: splits to evaluate on; for several, the pictures of the last one are kept.

    Raises:
        GenzooError: there is no such split, or an object is not a metric.
    """

    def __init__(
        self,
        metrics: Mapping[str, Metric | None],
        times: int | None = 20,
        every: int | None = None,
        splits: Sequence[str] = ("validation",),
    ):
        super().__init__(times, every)
        for split in splits:
            if split not in SPLITS:
                raise GenzooError(f"callbacks: splits={split}: unknown. {near(split, SPLITS)}")
        self.splits = tuple(splits)
        self.metrics = check_metrics(metrics, "callbacks: metrics")

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Computes the metrics on rank 0 only."""
        if not trainer.is_global_zero:
            return
        found = measure(self.metrics, trainer, module, self.splits)
        for name, sheet in found.pictures.items():
            path = Path(trainer.default_root_dir) / "samples" / f"{name}-{module.progress.rounds:06d}.png"
            save_picture(sheet, path)
            for logger in trainer.loggers:
                logger.log_picture(name, path, step=module.progress.seen)


def measure(
    metrics: Mapping[str, Metric], trainer: pl.Trainer, module: pl.LightningModule, splits: Iterable[str]
) -> Evaluation:
    """Computes metrics on each split, sends their values to the loggers, and returns all results.

    Args:
        metrics: name -> metric; metrics that need a missing capability are skipped.
        trainer: the trainer, of rank 0.
        module: the model.
        splits: splits to evaluate on.
    """
    found = Evaluation()
    for split in splits:
        found = found.merge(evaluate(metrics, module, trainer.datamodule, split))
    for logger in trainer.loggers:
        if found.values:
            values = {**found.values, "progress/rounds": module.progress.rounds}
            logger.log_metrics(values, step=module.progress.seen)
    return found
