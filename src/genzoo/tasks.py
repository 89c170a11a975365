"""Training and evaluation from a configuration: the only place that knows the order of things."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from genzoo import resume, schema, torchrun
from genzoo.build import build, build_data, build_module, trainer_options
from genzoo.callbacks.interruption import Interruption
from genzoo.command_line import parsed
from genzoo.console import log_to_console
from genzoo.core.checkpoint_schema import check_optimizers, check_weights
from genzoo.core.checkpoints import FORMAT, load_checkpoint, load_weights
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError, near
from genzoo.core.files import aside, write_json
from genzoo.core.pictures import save_animation, save_picture
from genzoo.core.randomness import derive_seed, seed_all
from genzoo.core.registry import trust
from genzoo.core.rounds import RoundModule
from genzoo.core.stopwatch import Stopwatch
from genzoo.data.module import SPLITS
from genzoo.data.source import Data
from genzoo.ensemble import check_alike, check_capable, measure
from genzoo.folders import VARIABLE, create_run_folder, log_to
from genzoo.foresight import build_callbacks, check_batch, check_loggers, check_measurable
from genzoo.found import find_measured, run_of
from genzoo.guarded import build_loggers
from genzoo.lock import locked
from genzoo.loggers import close_wandb
from genzoo.metrics.errors import ClassificationErrors
from genzoo.metrics.evaluation import Evaluation, Metric, capable
from genzoo.metrics.evaluation import evaluate as apply_metrics
from genzoo.reports import announce, code_version, conclude, headlines, report
from genzoo.schema import Training, check_keys, check_values, without_unchosen

log = logging.getLogger("genzoo")

UNREAD = "an evaluation does not read it, but takes it from the checkpoint"


def train(cfg: DictConfig) -> dict[str, float]:
    """Trains as configured, measures on test data, and says where everything lies.

    Args:
        cfg: composed from conf/train.yaml.

    Returns:
        The test metrics.

    Raises:
        GenzooError: a mistake of the user, before data are loaded where it can be found then.
        KeyboardInterrupt: the run was interrupted; checkpoint, pictures and metrics are written.
    """
    stopwatch = Stopwatch()
    _be_quiet()
    choices, overrides = _hydra_choices()
    check_keys(cfg, Training, overrides)
    trust(cfg.trust)
    torchrun.check_launcher()
    if torchrun.started() and not torchrun.is_first():
        os.environ[VARIABLE] = torchrun.hear("folder")
    cfg = _of_chosen_metrics(cfg)
    checkpoint, path, folder = None, None, None
    if cfg.resume is None:
        config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    else:
        config, checkpoint, path = resume.adopt(cfg, overrides, choices)
        folder = run_of(path)
        choices = checkpoint["genzoo"]["choices"]

    # Whatever can be found wrong before data are loaded.
    check_values(config)
    rounds = config["trainer"]["rounds"]
    check_positive("trainer.rounds", rounds)
    data, module, metrics = build_data(config), build_module(config), _metrics(config)
    module.check_data(data.spec)
    if checkpoint is not None:
        check_weights(checkpoint, module, path)
        check_optimizers(checkpoint, module, path)
    callbacks = build_callbacks(config["callbacks"])
    check_loggers(config["logger"])
    options = trainer_options(config)
    there = pl.Trainer(**options, logger=False, enable_checkpointing=False)
    check_batch(module, data, there.world_size)
    check_measurable(metrics, callbacks, _asked(choices, overrides), module, data, there.strategy.root_device)
    if folder is None:
        name = f"{config['recipe']['name']}-{data.name}"
        folder = create_run_folder(Path(config["paths"]["runs"]), name, config["seed"])

    with _run(folder):
        if checkpoint is not None and (finished := resume.finished(folder, checkpoint)):
            log.info(
                f"{folder} has played all of its {rounds} rounds, and its metrics.json holds the figures; to measure "
                f"it again: python evaluate.py ckpt={path}"
            )
            return finished["metrics"]
        machine = f"data of machine {os.environ.get('GROUP_RANK')}"
        if int(os.environ.get("LOCAL_RANK", 0)) == 0:
            data.prepare_data()
            torchrun.tell(machine)
        elif torchrun.started():
            torchrun.hear(machine)
        data.setup()
        origin = _origin(data)
        if checkpoint is not None and checkpoint["genzoo"]["data"] != origin:
            raise GenzooError(f"resume={folder}: {data.differs_from(checkpoint['genzoo']['data']['source'])}")
        config["marks"] = _marks(config, data)
        trained_by = _trained_by(checkpoint)
        module.on_checkpoint["genzoo"] = {
            "format": FORMAT,
            "trained_by": trained_by,
            "config": {key: config[key] for key in (*resume.EXPERIMENT, "paths", "marks") if key in config},
            "shown": {key: config[key] for key in resume.SHOWN},
            "choices": dict(choices),
            "data": origin,
        }

        loggers = build_loggers(config["logger"], folder)
        trainer = pl.Trainer(**options, callbacks=[*callbacks.values()], logger=loggers, default_root_dir=folder)
        if trainer.is_global_zero:
            with aside(folder / "config.yaml") as partial:
                partial.write_text(OmegaConf.to_yaml(OmegaConf.create(config)))
            if checkpoint is not None:
                resume.rewind(folder, path, checkpoint["progress"])
        for logger in loggers:
            logger.log_hyperparams({**config, "genzoo": code_version()})
        if checkpoint is None:
            start = data.initial()
            # Whatever was drawn before: all ranks shall start from the same weights.
            seed_all(derive_seed(config["seed"], "data-dependent initialisation"), torch.device("cpu"))
            module.initialise(start)
            module.follow_averages()  # from what the initialisation made of the networks
        else:
            module.on_load_checkpoint(checkpoint)
        announce(config, data, module, trainer)
        begun = module.progress.rounds

        trainer.fit(module, datamodule=data, ckpt_path=path, weights_only=True)
        module.to(trainer.strategy.root_device)  # Lightning leaves it on the CPU

        stopped_by = next((c.signal for c in callbacks.values() if isinstance(c, Interruption)), None)
        values: Mapping[str, float] = {}
        if trainer.is_global_zero:
            found = apply_metrics(metrics, module, data, "test")
            timed = {**stopwatch.read(), "timed_from_round": begun}
            result = report(config, data, module, found, trained_by=trained_by, devices=trainer.world_size, **timed)
            values = found.values
            if (folder / "best.ckpt").is_file():
                result["best"] = _measure_best(metrics, module, data, folder / "best.ckpt")
            write_json(folder / "metrics.json", result)
            # Pictures that were drawn while it trained are there.
            drawn = {path.name.rpartition("-")[0] for path in (folder / "samples").glob("*.png")}
            pictures = {name: sheet for name, sheet in found.pictures.items() if name not in drawn}
            for path in _save(found._replace(pictures=pictures), folder / "samples"):
                for logger in loggers:
                    logger.log_picture(path.stem, path, step=module.progress.images)
            for logger in loggers:
                best = {f"best/{name}": value for name, value in result.get("best", {}).get("metrics", {}).items()}
                rounds = {"progress/rounds": module.progress.rounds}
                logger.log_metrics({**values, **best, **rounds}, step=module.progress.images)
                logger.finalize("success")
            conclude(result, folder)
    if stopped_by:
        raise KeyboardInterrupt
    return dict(values)


def evaluate(cfg: DictConfig) -> dict[str, float]:
    """Measures a checkpoint, with the configuration it carries, by all metrics that its model is capable of.

    Of several checkpoints it counts the errors of their ensemble.

    Args:
        cfg: composed from conf/evaluate.yaml.

    Returns:
        The metrics, which ``metrics.json`` in the evaluation's folder holds too, beside the pictures.

    Raises:
        GenzooError: the checkpoint is missing, damaged, forbidden, or does not fit; no metric could measure; a key is
            given that an evaluation does not read.
    """
    _be_quiet()
    check_keys(cfg, schema.Evaluation, _hydra_choices()[1], UNREAD)
    cfg = _of_chosen_metrics(cfg)
    check_values(OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True))
    trust(cfg.trust)
    if cfg.split not in SPLITS:
        raise GenzooError(f"split={cfg.split}: unknown. {near(cfg.split, SPLITS)}")
    paths = find_measured(cfg.ckpt, "ckpt")
    if len(paths) > 1:
        return _evaluate_ensemble(cfg, paths)
    (path,) = paths
    checkpoint = load_checkpoint(path)
    config, data, module = _restored(checkpoint, path, cfg)
    _load_data(data, config, checkpoint)

    metrics = _metrics(OmegaConf.to_container(cfg, resolve=True))
    able = capable(metrics, module)
    passed_over = [name for name in metrics if name not in able]
    if passed_over and not able:
        raise GenzooError(
            f"metrics={','.join(passed_over)}: {config['recipe']['name']} is not capable of it; "
            f"it is capable of: {', '.join(_capable_of(module))}."
        )
    if passed_over:
        log.info(f"passed over, since {config['recipe']['name']} is not capable of them: {', '.join(passed_over)}")
    folder = create_run_folder(path.parent / "evaluation", cfg.split, config["seed"])
    log.info(f"{config['recipe']['name']} after {module.progress.rounds} rounds, on {data.name} ({cfg.split})")
    found = apply_metrics(able, module, data, cfg.split)
    _save(found, folder)
    trained_by = checkpoint["genzoo"]["trained_by"]
    result = report(config, data, module, found, trained_by=trained_by, checkpoint=path.name)
    write_json(folder / "metrics.json", result)
    for name, value in headlines(found.values).items():
        log.info(f"{name} {value:.4f}")
    pictures = len(found.pictures) + len(found.animations)
    log.info(f"metrics.json, {pictures} pictures and {len(found.pages)} pages are in {folder}")
    for name in found.files:
        log.info(f"{folder / name}")
    if not (found.values or pictures or found.pages or found.files):
        for error in found.errors.values():
            raise error
    return dict(found.values)


def _save(found: Evaluation, folder: Path) -> list[Path]:
    """Writes all that metrics made beside numbers; returns the pictures and animations."""
    pictures = {folder / f"{name}.png": sheet for name, sheet in found.pictures.items()}
    animations = {folder / f"{name}.gif": frames for name, frames in found.animations.items()}
    pages = {f"{name}.html": page.encode() for name, page in found.pages.items()}
    for path, sheet in pictures.items():
        save_picture(sheet, path)
    for path, frames in animations.items():
        save_animation(frames, path)
    for name, content in {**pages, **found.files}.items():
        with aside(folder / name) as partial:
            partial.write_bytes(content)
    return [*pictures, *animations]


def _evaluate_ensemble(cfg: DictConfig, paths: Sequence[Path]) -> dict[str, float]:
    """Counts the errors of several checkpoints together and of each, which ``metrics.json`` holds under ``members``."""
    checkpoints = [load_checkpoint(path) for path in paths]
    stored = [checkpoint["genzoo"] for checkpoint in checkpoints]
    check_alike(paths, stored)
    restored = [_restored(checkpoint, path, cfg) for checkpoint, path in zip(checkpoints, paths, strict=True)]
    modules = [module for *_, module in restored]
    config, data, _ = restored[0]
    metric = build(cfg.metrics.get("errors"), "metrics.errors") or ClassificationErrors()
    check_capable(paths, modules)
    _load_data(data, config, checkpoints[0])

    found, errors = measure(modules, metric, data, cfg.split)
    members = [
        {"checkpoint": str(path), "seed": one["config"]["seed"], "rounds": module.progress.rounds, "errors": wrong}
        for path, one, module, wrong in zip(paths, stored, modules, errors, strict=True)
    ]
    least = min(modules, key=lambda module: module.progress.rounds)  # unfinished, if a member is
    trained_by = ", ".join(dict.fromkeys(version for one in stored for version in one["trained_by"].split(", ")))
    labels = config["data"].get("label_seed", 0)  # what ensembles of one experiment differ in
    result = report(config, data, least, found, trained_by=trained_by, members=members, seed=labels)
    name = f"{config['recipe']['name']}-{data.name}"
    folder = create_run_folder(Path(cfg.paths.runs) / "ensembles", name, config["seed"])
    write_json(folder / "metrics.json", result)
    what = f"{len(members)} x {config['recipe']['name']}"
    log.info(f"ensemble of {what}, on the {cfg.split} images of {data.name}: its errors, no other metric")
    for member in members:
        log.info(
            f"seed {member['seed']}, {member['rounds']} rounds: {member['errors']} errors ({member['checkpoint']})"
        )
    for key, value in found.values.items():
        log.info(f"{key} {value:.4f}")
    log.info(f"metrics.json is in {folder}")
    return dict(found.values)


def _restored(checkpoint: Mapping[str, Any], path: Path, cfg: DictConfig) -> tuple[dict[str, Any], Data, RoundModule]:
    """The configuration of a checkpoint, its data (not yet loaded) and its module, on the device."""
    stored, now = checkpoint["genzoo"]["config"], OmegaConf.to_container(cfg, resolve=True)
    config = {**stored, "data": resume.relocate(stored, now, cfg.data.root)}
    data, module = build_data(config), build_module(config)
    load_weights(module, checkpoint, path)
    check_optimizers(checkpoint, module, path)  # sick ones are those of a sick run
    module.on_load_checkpoint(checkpoint)
    return config, data, module.to(_device(cfg.device))


def _load_data(data: Data, config: dict[str, Any], checkpoint: Mapping[str, Any]) -> None:
    """Loads what a checkpoint is measured on, and marks the configuration if these are other images."""
    data.prepare_data()
    data.setup()
    config["marks"] = _marks(config, data)
    if (trained := checkpoint["genzoo"]["data"]) != _origin(data):
        config["marks"].append(f"other {data.content}")
        log.warning(f"trained on data.source={trained['source']}, but measured on other {data.content}: {data.source}")


def _be_quiet() -> None:
    """genzoo's own lines on the console, and nobody else's advice."""
    log_to_console(sys.stdout)
    for library in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric"):
        logging.getLogger(library).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric|wandb")


def _hydra_choices() -> tuple[dict[str, Any], list[str]]:
    """Group -> chosen option, and the overrides of the command line; empty outside of an entry."""
    if not HydraConfig.initialized():
        return {}, []
    hydra = HydraConfig.get()
    chosen = {group: option for group, option in hydra.runtime.choices.items() if not group.startswith("hydra")}
    return chosen, list(hydra.overrides.task)


@contextmanager
def _run(folder: Path) -> Iterator[None]:
    """Inside, the folder is this run's alone, genzoo's lines go to its log too, and processes started for other devices
    share it.
    """
    lock = nullcontext() if VARIABLE in os.environ else locked(folder)  # the first process holds it
    with lock:
        handler = log_to(folder)
        os.environ[VARIABLE] = str(folder)
        if torchrun.is_first():
            torchrun.tell("folder", str(folder.resolve()))
        try:
            yield
        except GenzooError as error:
            handler.emit(logging.makeLogRecord({"msg": f"stopped: {error}", "levelname": "ERROR"}))
            raise
        finally:
            os.environ.pop(VARIABLE, None)
            log.removeHandler(handler)
            handler.close()
            close_wandb()


def _origin(data: Data) -> dict[str, str]:
    """Which data these are."""
    return {"source": data.source, "fingerprint": data.fingerprint()}


def _of_chosen_metrics(cfg: DictConfig) -> DictConfig:
    """The configuration without an experiment's settings of metrics that are not chosen, as by metrics=none."""
    cfg, unchosen = without_unchosen(cfg)
    for name in unchosen:
        log.info(f"metrics.{name} is not chosen: its settings are not used")
    return cfg


def _asked(choices: Mapping[str, Any], overrides: Sequence[str]) -> list[str]:
    """The metrics that were chosen by their own names: one, or a list, which is no choice of Hydra's."""
    lists = [override.value() for override in parsed(overrides) if override.key_or_group == "metrics"]
    chosen = choices.get("metrics", lists[-1] if lists else ())
    return [chosen] if isinstance(chosen, str) else [str(one) for one in chosen or ()]


def _metrics(config: Mapping[str, Any]) -> dict[str, Metric]:
    """Those configured; names beside them, such as ``metrics.against``, are settings that they take up."""
    chosen = {name: c for name, c in config["metrics"].items() if c and not isinstance(c, str)}
    return {name: build(c, f"metrics.{name}", Metric) for name, c in chosen.items()}


def _capable_of(module: RoundModule) -> list[str]:
    """The metrics of conf/metrics that a module is capable of."""
    root, names = Path(__file__).parents[2] / "conf" / "metrics", []
    for path in sorted(root.glob("*.yaml")):
        config = OmegaConf.create({"paths": {"data": ""}, "metrics": OmegaConf.load(path)})
        if "defaults" not in config.metrics:  # not several metrics
            names += capable(_metrics(OmegaConf.to_container(config, resolve=True)), module)
    return names


def _measure_best(metrics: Mapping[str, Metric], module: RoundModule, data: Data, path: Path) -> dict[str, Any]:
    """What the metrics give for the best checkpoint of a run."""
    checkpoint = load_checkpoint(path)
    load_weights(module, checkpoint, path)
    return {
        "rounds": checkpoint["progress"]["rounds"],
        "metrics": dict(apply_metrics(metrics, module, data, "test").values),
    }


def _marks(config: Mapping[str, Any], data: Data) -> list[str]:
    """Why these numbers never enter the report."""
    strange = [] if data.source == "official" else [f"data.source={data.source}"]
    return [*config["trainer"]["marks"], *strange]


def _trained_by(resumed: Mapping[str, Any] | None) -> str:
    """The version of the code, or the versions, where a run was resumed by another one."""
    versions = resumed["genzoo"]["trained_by"].split(", ") if resumed else []
    return ", ".join(dict.fromkeys([*versions, code_version()]))


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise GenzooError(f"device={name}: not available here ({reason}); use device=cpu.") from error
