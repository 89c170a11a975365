"""Training from a configuration: checks first, then training, evaluation and summary."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig, OmegaConf

from genzoo.callbacks.ending import Ending
from genzoo.callbacks.time_limit import TimeLimit
from genzoo.core.checkpoint_schema import check_optimizers, check_weights
from genzoo.core.checkpoints import FORMAT, load_checkpoint, load_weights
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write, write_json
from genzoo.core.randomness import derive_seed, seed_all
from genzoo.core.registry import trust
from genzoo.core.rounds import RoundModule
from genzoo.core.stopwatch import Stopwatch
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Metric
from genzoo.metrics.evaluation import evaluate as apply_metrics
from genzoo.runs import resume, torchrun
from genzoo.runs.artifacts import save_artifacts
from genzoo.runs.build import build_data, build_metrics, build_module, check_kind, trainer_options
from genzoo.runs.context import be_quiet, load, running
from genzoo.runs.extension import check_schedules
from genzoo.runs.folders import VARIABLE, create_run_folder
from genzoo.runs.found import run_of
from genzoo.runs.guarded import Guarded, build_loggers
from genzoo.runs.initial_weights import InitialWeights, read_initial_weights
from genzoo.runs.overrides import given_now, metrics_by_name
from genzoo.runs.preflight import build_callbacks, check_batch, check_loggers, check_measurable, check_profilers
from genzoo.runs.provenance import marks_of, origin_of, trained_by
from genzoo.runs.run import Run
from genzoo.runs.schema import Training, check_keys, check_values, of_chosen_metrics
from genzoo.runs.summary import announce, announce_finished, code_version, conclude, summarise

log = logging.getLogger("genzoo")


@dataclass(frozen=True)
class Resumed:
    """The checkpoint that a run is resumed from.

    Args:
        path: path of the file.
        checkpoint: its content.
    """

    path: Path
    checkpoint: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A run that has passed all checks that do not need its data.

    Args:
        config: resolved configuration, as plain containers.
        choices: group -> chosen option.
        folder: the run folder.
        data: the data, not loaded.
        module: the model, newly initialised.
        metrics: metrics at the end of the run.
        callbacks: callbacks during training.
        options: arguments of Lightning's Trainer.
        resumed: None for a new run.
        initial: weights that a new run starts from, or None.
    """

    config: dict[str, Any]
    choices: Mapping[str, Any]
    folder: Path
    data: Data
    module: RoundModule
    metrics: Mapping[str, Metric]
    callbacks: Mapping[str, pl.Callback]
    options: Mapping[str, Any]
    resumed: Resumed | None
    initial: InitialWeights | None

    @property
    def checkpoint(self) -> Mapping[str, Any] | None:
        """The content of the checkpoint that the run is resumed from, or None."""
        return self.resumed.checkpoint if self.resumed else None


def train(cfg: DictConfig) -> Run:
    """Trains as configured, evaluates on test data, and logs the folder of the results.

    Args:
        cfg: composed from conf/train.yaml.

    Returns:
        The run: its folder and its test metrics.

    Raises:
        GenzooError: a mistake of the user, found before data are loaded if possible.
        KeyboardInterrupt: the run was interrupted, or its time is over; checkpoint, pictures and metrics are written.
    """
    stopwatch = Stopwatch()
    be_quiet()
    plan = prepare(cfg)
    rounds = plan.config["trainer"]["rounds"]
    with running(plan.folder):
        if plan.resumed and (finished := resume.finished(plan.folder, plan.resumed.checkpoint, rounds)):
            announce_finished(finished, plan.folder, plan.resumed.path)
            return Run(plan.folder, finished["metrics"])
        # Build everything that needs the data.
        _load_data(plan)
        loggers = build_loggers(plan.config["logger"], plan.folder)
        callbacks = [*plan.callbacks.values()]
        trainer = pl.Trainer(**plan.options, callbacks=callbacks, logger=loggers, default_root_dir=plan.folder)
        _begin(plan, trainer)
        begun = plan.module.progress.rounds

        # Train, then evaluate on rank 0.
        path = plan.resumed.path if plan.resumed else None
        trainer.fit(plan.module, datamodule=plan.data, ckpt_path=path, weights_only=True)
        plan.module.to(trainer.strategy.root_device)  # Lightning moves it to the CPU

        values: Mapping[str, float] = {}
        if trainer.is_global_zero:
            values = _measure(plan, loggers, stopwatch, timed_from_round=begun, devices=trainer.world_size)
    if (ending := _ending(plan)) and not ending.finishes:
        raise KeyboardInterrupt(ending.reason)
    return Run(plan.folder, dict(values))


def prepare(cfg: DictConfig) -> Plan:
    """Checks and builds everything that does not need the data.

    Raises:
        GenzooError: a check failed.
    """
    choices, overrides = given_now()
    check_keys(cfg, Training, overrides)
    trust(cfg.trust)
    torchrun.check_launcher()
    if torchrun.started() and not torchrun.is_first():
        os.environ[VARIABLE] = torchrun.wait_for("folder")
    cfg = of_chosen_metrics(cfg)

    # A resumed run uses its stored configuration.
    resumed, folder = None, None
    if cfg.resume is None:
        config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    else:
        config, checkpoint, path = resume.resumed_configuration(cfg, overrides, choices)
        resumed, folder, choices = Resumed(path, checkpoint), run_of(path), checkpoint["genzoo"]["choices"]

    # Build data and model; check that they and the checkpoint fit each other.
    check_values(config)
    check_positive("trainer.rounds", config["trainer"]["rounds"])
    data = build_data(config)
    check_kind(config["model"], data)
    module, metrics = build_module(config), build_metrics(config)
    module.check_data(data.spec)
    if resumed is not None:
        check_weights(resumed.checkpoint, module, resumed.path)
        check_optimizers(resumed.checkpoint, module, resumed.path)
        before = resumed.checkpoint["genzoo"]["config"]["trainer"]["rounds"]
        if config["trainer"]["rounds"] != before:
            check_schedules(module, before, config["trainer"]["rounds"])

    initial = None
    if config["init"] is not None and resumed is None:
        initial = read_initial_weights(config["init"], config["init_strict"], module)
        config["trainer"]["marks"] = [*config["trainer"]["marks"], "init"]

    # Build and check callbacks, loggers, devices and metrics.
    callbacks = build_callbacks(config["callbacks"])
    if (limit := config["trainer"].get("limit_time")) is not None:  # older checkpoints lack the key
        callbacks["time_limit"] = TimeLimit(limit)
    check_profilers(callbacks, config["trainer"]["rounds"])
    check_loggers(config["logger"])
    options = trainer_options(config)
    there = pl.Trainer(**options, logger=False, enable_checkpointing=False)
    check_batch(module, data, there.world_size)
    named = metrics_by_name(choices, overrides)
    check_measurable(metrics, callbacks, named, module, data, there.strategy.root_device)
    if folder is None:
        name = f"{config['recipe']['name']}-{data.name}"
        folder = create_run_folder(Path(config["paths"]["runs"]), name, config["seed"])
    return Plan(config, choices, folder, data, module, metrics, callbacks, options, resumed, initial)


def _load_data(plan: Plan) -> None:
    """Loads the data; stores their origin and the configuration for every checkpoint."""
    config, checkpoint = plan.config, plan.checkpoint
    load(plan.data)
    origin = origin_of(plan.data)
    if checkpoint is not None and checkpoint["genzoo"]["data"] != origin:
        raise GenzooError(f"resume={plan.folder}: {plan.data.differs_from(checkpoint['genzoo']['data']['source'])}")
    config["marks"] = marks_of(config, origin)
    plan.module.on_checkpoint["genzoo"] = {
        "format": FORMAT,
        "trained_by": trained_by(checkpoint),
        "config": {key: config[key] for key in (*resume.EXPERIMENT, "paths", "marks") if key in config},
        "shown": {key: config[key] for key in resume.SHOWN},
        "choices": dict(plan.choices),
        "data": origin,
    }


def _begin(plan: Plan, trainer: pl.Trainer) -> None:
    """Writes the configuration, truncates a resumed run's logs, initialises or restores the model."""
    if trainer.is_global_zero:
        with atomic_write(plan.folder / "config.yaml") as partial:
            partial.write_text(OmegaConf.to_yaml(OmegaConf.create(plan.config)))
        if plan.resumed is not None:
            resume.rewind(plan.folder, plan.resumed.path, plan.resumed.checkpoint["progress"])
    for logger in trainer.loggers:
        logger.log_hyperparams({**plan.config, "genzoo": code_version()})
    if plan.resumed is None:
        start = plan.data.initial()
        # All ranks must start from the same weights, regardless of random numbers drawn before.
        seed_all(derive_seed(plan.config["seed"], "data-dependent initialisation"), torch.device("cpu"))
        plan.module.initialise(start)
        plan.module.follow_averages()  # start from the initialised weights
        if plan.initial is not None:
            plan.initial.load_into(plan.module)
            for line in plan.initial.describe():
                log.info(line)
    else:
        plan.module.on_load_checkpoint(plan.resumed.checkpoint)
    announce(plan.config, plan.data, plan.module, trainer)


def _ending(plan: Plan) -> Ending | None:
    """Returns the callback that has ended training before its last round; None if there was none."""
    endings = [one for one in plan.callbacks.values() if isinstance(one, Ending) and one.reason]
    return min(endings, key=lambda one: one.finishes, default=None)  # an interruption first


def _measure(plan: Plan, loggers: list[Guarded], stopwatch: Stopwatch, **more: Any) -> Mapping[str, float]:
    """Evaluates the trained model; writes metrics.json first, then pictures (the disk may be full), then the logs."""
    config, module, folder = plan.config, plan.module, plan.folder
    found = apply_metrics(plan.metrics, module, plan.data, "test")
    more = {**more, **stopwatch.read(), "trained_by": trained_by(plan.checkpoint)}
    if ending := _ending(plan):
        more["ended_by"] = ending.reason
        more["state"] = "finished" if ending.finishes else "unfinished"
    result = summarise(config, plan.data, module, found, **more)
    if (folder / "best.ckpt").is_file():
        result["best"] = _measure_best(plan, folder / "best.ckpt")
    write_json(folder / "metrics.json", result)

    # Pictures drawn during training are already logged.
    drawn = {path.name.rpartition("-")[0] for path in (folder / "samples").glob("*.png")}
    pictures = {name: sheet for name, sheet in found.pictures.items() if name not in drawn}
    for path in save_artifacts(replace(found, pictures=pictures), folder / "samples"):
        for logger in loggers:
            logger.log_picture(path.stem, path, step=module.progress.seen)

    best = {f"best/{name}": value for name, value in result.get("best", {}).get("metrics", {}).items()}
    for logger in loggers:
        rounds = {"progress/rounds": module.progress.rounds}
        logger.log_metrics({**found.values, **best, **rounds}, step=module.progress.seen)
        logger.finalize("success")
    conclude(result, folder)
    return found.values


def _measure_best(plan: Plan, path: Path) -> dict[str, Any]:
    """Returns the metrics of the best checkpoint of a run."""
    checkpoint = load_checkpoint(path)
    load_weights(plan.module, checkpoint, path)
    return {
        "rounds": checkpoint["progress"]["rounds"],
        "metrics": dict(apply_metrics(plan.metrics, plan.module, plan.data, "test").values),
    }
