"""Checks of a run before its data are loaded."""

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning import callbacks as lightning
from torch import nn

from genzoo.callbacks.best import Best
from genzoo.callbacks.early_stopping import EarlyStopping
from genzoo.callbacks.profiler import Profiler
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.core.signatures import check_settings
from genzoo.data.loader import check_even
from genzoo.data.module import ImageData
from genzoo.data.source import Data
from genzoo.metrics.evaluation import KINDS, Metric, capable
from genzoo.metrics.fidelity import Fidelity
from genzoo.nn.batch_norm import GlobalBatchNorm
from genzoo.nn.cross_batch_norm import CrossBatchNorm
from genzoo.runs.build import build

# Lightning's callbacks that need validation epochs or automatic optimization -> genzoo's replacement.
INSTEAD: Mapping[type[pl.Callback], str] = {
    lightning.EarlyStopping: "callbacks=early_stopping, or callbacks=best, which keeps the best checkpoint",
    lightning.ModelCheckpoint: "callbacks.checkpoints.every or keep_every, or callbacks=best",
    lightning.StochasticWeightAveraging: "model.averages",
    lightning.WeightAveraging: "model.averages",
    lightning.GradientAccumulationScheduler: "trainer.accumulate",
    lightning.BatchSizeFinder: "data.batch_size",
    lightning.LearningRateFinder: "sweep=rates",
    lightning.LearningRateMonitor: "the schedules of the configuration, which are functions of the round",
    lightning.BaseFinetuning: "model.schedules",
    lightning.ModelPruning: "a model of its own",
}
# Logger -> the package that it needs, which has the name of genzoo's extra unless stated.
PACKAGES: Mapping[str, str] = {
    "genzoo.runs.aim_logger.aim_logger": "aim",
    "genzoo.runs.comet_logger.comet_logger": "comet_ml",
    "genzoo.runs.mlflow_logger.mlflow_logger": "mlflow",
    "pytorch_lightning.loggers.TensorBoardLogger": "tensorboard",
}
EXTRAS: Mapping[str, str] = {"comet_ml": "comet"}


def build_callbacks(config: Mapping[str, Any]) -> dict[str, pl.Callback]:
    """Builds the callbacks of a resolved configuration.

    Args:
        config: name -> callback (None = left out).

    Raises:
        GenzooError: an object is not a callback, or needs validation epochs or automatic optimization.
    """
    callbacks = {name: build(one, f"callbacks.{name}", pl.Callback) for name, one in config.items() if one is not None}
    for name, callback in callbacks.items():
        if not isinstance(callback, pl.Callback):
            raise GenzooError(f"callbacks.{name}: {type(callback).__name__} is not a Lightning callback; remove it.")
        for kind, instead in INSTEAD.items():
            if isinstance(callback, kind):
                raise GenzooError(
                    f"callbacks.{name}: Lightning's {kind.__name__} cannot work, since a run has neither validation "
                    f"epochs nor automatic optimization; use {instead}."
                )
    return callbacks


def check_profilers(callbacks: Mapping[str, pl.Callback], rounds: int) -> None:
    """Checks that the run has the rounds that are to be profiled.

    Args:
        callbacks: callbacks of the run.
        rounds: length of the run.

    Raises:
        GenzooError: it does not.
    """
    for one in callbacks.values():
        if isinstance(one, Profiler):
            one.check_rounds(rounds)


def check_loggers(config: Mapping[str, Any]) -> None:
    """Checks that loggers accept their settings, and that their packages are installed.

    Args:
        config: name -> logger (None = left out).

    Raises:
        GenzooError: a logger does not, or its package is missing; the message names the first one.
    """
    for name, one in config.items():
        if one is None:
            continue
        if not (isinstance(one, Mapping) and "_target_" in one):
            raise GenzooError(f"logger.{name}: expected a mapping with a _target_; correct or remove it.")
        if (package := PACKAGES.get(one["_target_"])) and find_spec(package) is None:
            raise GenzooError(
                f"logger.{name}: {package} is not installed; pip install 'genzoo[{EXTRAS.get(package, package)}]', or "
                "use logger=csv."
            )
        check_settings(one, f"logger.{name}", ["save_dir"])


def check_batch(module: RoundModule, data: Data, world_size: int) -> None:
    """Checks that a batch can be split over ranks and accumulated parts, with at least two images per batch norm.

    Args:
        module: the model.
        data: the data, not loaded.
        world_size: number of processes.

    Raises:
        GenzooError: it cannot; the message names the settings.
    """
    streams = [stream for turn in module.turns() for stream in turn.streams]
    if not streams:
        return
    check_even(data.batch_size, world_size)
    parts, least = module.accumulate, min(stream.batches for stream in streams)
    for stream in streams:
        if (images := stream.batches * data.batch_size // world_size) % parts:
            raise GenzooError(f"trainer.accumulate={parts}: {images} images cannot be split evenly; choose a divisor.")
    normalised = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm | CrossBatchNorm)]
    together = world_size if normalised and all(isinstance(m, GlobalBatchNorm) for m in normalised) else 1
    if normalised and least * data.batch_size * together // (world_size * parts) < 2:
        settings = f"data.batch_size={data.batch_size}"
        settings += f" trainer.accumulate={parts}" if parts > 1 else ""
        settings += f" on {world_size} devices" if world_size > 1 else ""
        raise GenzooError(
            f"{settings}: batch norm would get one image, but needs two; choose a batch of at least "
            f"{-(-2 * world_size * parts // (least * together))}."
        )


def check_measurable(
    metrics: Mapping[str, Metric],
    callbacks: Mapping[str, pl.Callback],
    selected: Iterable[str],
    module: RoundModule,
    data: Data,
    device: torch.device,
) -> None:
    """Checks that the metrics chosen by name can be computed.

    Args:
        metrics: metrics at the end of the run.
        callbacks: callbacks of the run; the metric of a callback that selects the best checkpoint is always checked.
        selected: names of metrics that the user has chosen individually.
        module: the model.
        data: the data, not loaded.
        device: device of the run.

    Raises:
        GenzooError: a metric cannot be computed; the message gives a remedy.
    """
    wanted = {f"metrics={name}": metrics[name] for name in selected if name in metrics}
    wanted |= {f"callbacks.{name}": one.metric for name, one in callbacks.items() if isinstance(one, Best)}
    for key, metric in wanted.items():
        if missing := metric.needs - KINDS - module.capabilities():
            lacking = ", ".join(sorted(need.__name__ for need in missing))
            raise GenzooError(f"{key}: the model lacks the capability {lacking}; leave it out.")
    for name, one in callbacks.items():
        if isinstance(one, EarlyStopping) and not capable(one.metrics, module):
            raise GenzooError(f"callbacks.{name}.metric={one.metric}: the run computes no metrics; choose some.")
    chosen = {f"metrics.{name}": one for name, one in metrics.items() if isinstance(one, Fidelity) and one.is_named}
    for key, metric in {**wanted, **chosen}.items():
        if isinstance(metric, Fidelity) and isinstance(data, ImageData):
            try:
                metric.check(data, device)
            except GenzooError as error:
                raise GenzooError(f"{key}: it cannot be measured: {error}") from error
