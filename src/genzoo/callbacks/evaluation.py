"""Metrics and pictures while training goes on."""

from collections.abc import Mapping
from pathlib import Path

import pytorch_lightning as pl

from genzoo.callbacks.every import EveryRounds
from genzoo.core.pictures import save_picture
from genzoo.core.registry import register
from genzoo.metrics.evaluation import Metric, evaluate


@register
class Evaluate(EveryRounds):
    """Applies metrics to validation data; pictures go to ``samples/<name>-<round>.png`` and to the loggers.

    Training's random numbers are a function of the round, so nothing here disturbs them.

    Args:
        metrics: name -> metric (None = left out); those the model is not capable of are passed over.
        times, every: see ``EveryRounds``.
    """

    def __init__(self, metrics: Mapping[str, Metric | None], times: int | None = 20, every: int | None = None):
        super().__init__(times, every)
        self.metrics = {name: metric for name, metric in metrics.items() if metric is not None}

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """On the first rank alone."""
        if not trainer.is_global_zero:
            return
        found = evaluate(self.metrics, module, trainer.datamodule, "validation")
        images = module.progress.images
        for logger in trainer.loggers:
            if found.values:
                logger.log_metrics(dict(found.values), step=images)
        for name, sheet in found.pictures.items():
            path = Path(trainer.default_root_dir) / "samples" / f"{name}-{module.progress.rounds:06d}.png"
            save_picture(sheet, path)
            for logger in trainer.loggers:
                if hasattr(logger, "log_image"):  # W&B
                    logger.log_image(f"samples/{name}", [str(path)], step=images)
                elif hasattr(logger.experiment, "add_image"):  # TensorBoard
                    import numpy as np

                    logger.experiment.add_image(f"samples/{name}", np.atleast_3d(sheet), images, dataformats="HWC")
