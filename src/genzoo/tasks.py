"""Training and evaluation from a configuration: the only place that knows the order of things."""

import logging
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.utilities.exceptions import MisconfigurationException

import genzoo
from genzoo import resume
from genzoo.build import build, build_data, build_module
from genzoo.callbacks.interruption import Interruption
from genzoo.callbacks.progress import clock
from genzoo.core.checkpoints import FORMAT, AtomicCheckpointIO, find_checkpoint, load_checkpoint, load_weights
from genzoo.core.errors import GenzooError
from genzoo.core.files import aside, write_json
from genzoo.core.pictures import save_picture
from genzoo.core.registry import trust
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.folders import VARIABLE, create_run_folder, log_to
from genzoo.metrics.evaluation import evaluate as apply_metrics

log = logging.getLogger("genzoo")


def train(cfg: DictConfig) -> dict[str, float]:
    """Trains as configured, measures on test data, and says where everything lies.

    Args:
        cfg: composed from conf/train.yaml.

    Returns:
        The test metrics.

    Raises:
        GenzooError: a mistake of the user, before data are loaded where it can be found then.
    """
    started = time.monotonic()
    _be_quiet()
    trust(cfg.trust)
    config = OmegaConf.to_container(cfg, resolve=True)
    choices, overrides = _hydra_choices()
    checkpoint, folder = None, None
    if cfg.resume is not None:
        folder = resume.find_run(cfg.resume, Path(cfg.paths.runs))
        checkpoint = load_checkpoint(folder / "last.ckpt")
        stored = checkpoint["genzoo"]
        resume.check_overrides(overrides, cfg, choices, stored)
        root = config["data"].get("root") if any(o.startswith("data.root=") for o in overrides) else None
        accelerator = config["trainer"]["accelerator"]
        data_config = resume.relocate(stored["config"], config, root)
        config |= {key: stored["config"][key] for key in resume.EXPERIMENT} | {"data": data_config}
        if any(o.startswith("trainer.accelerator=") for o in overrides):
            config["trainer"]["accelerator"] = accelerator
        choices = stored["choices"]

    rounds = config["trainer"]["rounds"]
    if not isinstance(rounds, int) or rounds < 1:
        raise GenzooError(f"trainer.rounds={rounds}: a positive number of rounds is needed.")
    data = build_data(config)
    module = build_module(config)
    module.check_data(data.spec)
    trainer_options = _trainer_options(config)
    name = f"{config['recipe']['name']}-{data.spec.name}"
    folder = folder or create_run_folder(Path(config["paths"]["runs"]), name, config["seed"])
    os.environ[VARIABLE] = str(folder)
    handler = log_to(folder)
    try:
        return _fit(config, choices, data, module, trainer_options, folder, checkpoint, started)
    except GenzooError as error:
        log.info(f"stopped: {error}")
        raise
    finally:
        logging.getLogger("genzoo").removeHandler(handler)
        handler.close()
        os.environ.pop(VARIABLE, None)
        if wandb := sys.modules.get("wandb"):
            wandb.finish()


def _fit(
    config: dict[str, Any],
    choices: Mapping[str, Any],
    data: ImageData,
    module: RoundModule,
    trainer_options: dict[str, Any],
    folder: Path,
    checkpoint: dict[str, Any] | None,
    started: float,
) -> dict[str, float]:
    if int(os.environ.get("LOCAL_RANK", 0)) == 0:
        data.prepare_data()
    data.setup()
    origin = {"source": data.source, "fingerprint": data.fingerprint()}
    if checkpoint and checkpoint["genzoo"]["data"] != origin:
        raise GenzooError(
            f"resume={folder}: the run was trained on data.source={checkpoint['genzoo']['data']['source']}, but here "
            f"data={data.name} is {data.source} or other images; give the run's own by data.root=... or GENZOO_DATA."
        )
    marks = [
        *config["trainer"]["marks"],
        *([] if data.source == "official" else [f"data.source={data.source}"]),
    ]
    config["marks"] = marks
    kept = {key: config[key] for key in (*resume.EXPERIMENT, "paths", "marks")}
    stored = {
        "format": FORMAT,
        "version": genzoo.__version__,
        "config": kept,
        "choices": dict(choices),
        "data": origin,
    }
    module.on_checkpoint = {"genzoo": stored}

    callbacks = {name: build(c, f"callbacks.{name}") for name, c in config["callbacks"].items() if c}
    loggers = [build(c, f"logger.{name}", save_dir=str(folder)) for name, c in (config["logger"] or {}).items() if c]
    trainer = pl.Trainer(**trainer_options, callbacks=list(callbacks.values()), logger=loggers, default_root_dir=folder)
    with aside(folder / "config.yaml") as partial:
        partial.write_text(OmegaConf.to_yaml(OmegaConf.create(config)))
    for logger in loggers:
        logger.log_hyperparams({**config, "genzoo": _code_version()})
    if checkpoint is None:
        module.initialise(data.initial_images())
    _announce(config, data, module, trainer, folder)

    trainer.fit(module, datamodule=data, ckpt_path=folder / "last.ckpt" if checkpoint else None, weights_only=True)

    interrupted = next((c.signal for c in callbacks.values() if isinstance(c, Interruption)), None)
    values: dict[str, float] = {}
    if trainer.is_global_zero:
        metrics = {name: build(c, f"metrics.{name}") for name, c in config["metrics"].items() if c}
        values, _ = apply_metrics(metrics, module, data, "test")
        for logger in trainer.loggers:
            logger.log_metrics(dict(values), step=module.progress.images)
            logger.finalize("success")
        seconds = time.monotonic() - started
        report = _report(config, data, module, values) | {
            "state": "interrupted" if interrupted else "finished",
            "device": _device_name(module),
            "seconds": round(seconds, 1),
        }
        write_json(folder / "metrics.json", report)
        _conclude(report, folder, seconds)
    if interrupted:
        raise KeyboardInterrupt
    return dict(values)


def evaluate(cfg: DictConfig) -> dict[str, float]:
    """Measures a checkpoint, with the configuration it carries, by all metrics that its model is capable of.

    Args:
        cfg: composed from conf/evaluate.yaml.

    Returns:
        The metrics, which ``metrics.json`` in the evaluation's folder holds too, beside the pictures.

    Raises:
        GenzooError: the checkpoint is missing, damaged, forbidden, or does not fit.
    """
    _be_quiet()
    trust(cfg.trust)
    path = find_checkpoint(cfg.ckpt, "ckpt")
    checkpoint = load_checkpoint(path)
    stored = checkpoint["genzoo"]
    now = OmegaConf.to_container(cfg, resolve=True)
    config = {**stored["config"], "data": resume.relocate(stored["config"], now, cfg.data.root)}
    data = build_data(config)
    module = build_module(config)
    load_weights(module, checkpoint, path)
    module.on_load_checkpoint(checkpoint)
    module.to(_evaluation_device(cfg.device))
    data.prepare_data()
    data.setup()
    if stored["data"] != {"source": data.source, "fingerprint": data.fingerprint()}:
        log.warning(f"trained on data.source={stored['data']['source']}, but measured on other images: {data.source}")
    folder = create_run_folder(path.parent / "evaluation", split := cfg.split, config["seed"])
    metrics = {name: build(c, f"metrics.{name}") for name, c in now["metrics"].items() if c}
    log.info(f"{config['recipe']['name']} after {module.progress.rounds} rounds, on the {split} images of {data.name}")
    values, pictures = apply_metrics(metrics, module, data, split)
    for name, sheet in pictures.items():
        save_picture(sheet, folder / f"{name}.png")
    write_json(folder / "metrics.json", _report(config, data, module, values) | {"checkpoint": str(path)})
    for name, value in values.items():
        log.info(f"{name} {value:.4f}")
    log.info(f"metrics.json and {len(pictures)} pictures are in {folder}")
    return dict(values)


def _be_quiet() -> None:
    """genzoo's own lines on the console, and nobody else's advice."""
    if not log.handlers:
        console = logging.StreamHandler(sys.stdout)
        console.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(console)
        log.setLevel(logging.INFO)
        log.propagate = False
    for library in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric"):
        logging.getLogger(library).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric|wandb")


def _hydra_choices() -> tuple[dict[str, Any], list[str]]:
    """Group -> chosen option, and the overrides of the command line; empty outside of an entry."""
    if not HydraConfig.initialized():
        return {}, []
    hydra = HydraConfig.get()
    return {k: v for k, v in hydra.runtime.choices.items() if not k.startswith("hydra")}, list(hydra.overrides.task)


def _trainer_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of Lightning's Trainer, checked for devices that are not there."""
    chosen = config["trainer"]
    accelerator, devices = chosen["accelerator"], chosen["devices"]
    gpus = torch.cuda.device_count()
    if accelerator in ("gpu", "cuda") and (not gpus or (isinstance(devices, int) and devices > gpus)):
        raise GenzooError(
            f"trainer.accelerator={accelerator} trainer.devices={devices}: this machine has {gpus} GPU(s); "
            "use trainer=cpu or fewer devices."
        )
    options = {
        "accelerator": accelerator,
        "devices": devices,
        "num_nodes": chosen["num_nodes"],
        "strategy": chosen["strategy"],
        "precision": chosen["precision"],
        "deterministic": config["deterministic"],
        "max_epochs": 1,  # the loader's one pass is the whole run
        "limit_val_batches": 0,
        "num_sanity_val_steps": 0,
        "use_distributed_sampler": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "plugins": [AtomicCheckpointIO()],
    } | chosen["options"]
    try:
        pl.Trainer(**options, logger=False, enable_checkpointing=False)
    except (MisconfigurationException, ValueError, TypeError) as error:
        raise GenzooError(
            f"trainer.accelerator={accelerator} trainer.devices={devices}: {' '.join(str(error).split())}"
        ) from error
    return options


def _announce(
    config: Mapping[str, Any], data: ImageData, module: RoundModule, trainer: pl.Trainer, folder: Path
) -> None:
    rounds, done = data.rounds, module.progress.rounds
    marks = f" [{', '.join(config['marks'])}]" if config["marks"] else ""
    log.info(
        f"{config['recipe']['name']} on {data.name} ({len(data.split('train').images):,} training images), "
        f"{f'rounds {done} to {rounds}' if done else f'{rounds} rounds'} of {data.batch_size} images, "
        f"seed {config['seed']}, {trainer.world_size} x {trainer.strategy.root_device}{marks} -> {folder}"
    )


def _report(
    config: Mapping[str, Any], data: ImageData, module: RoundModule, values: Mapping[str, float]
) -> dict[str, Any]:
    """What ``metrics.json`` holds."""
    return {
        "metrics": dict(values),
        "model": config["recipe"]["name"],
        "data": data.name,
        "data_source": data.source,
        "marks": config["marks"],
        "seed": config["seed"],
        "rounds": module.progress.rounds,
        "of_rounds": config["trainer"]["rounds"],
        "images": module.progress.images,
        "batch_norm": module.batch_norm,
        "versions": {"genzoo": _code_version(), "torch": torch.__version__, "lightning": pl.__version__},
    }


def _conclude(report: Mapping[str, Any], folder: Path, seconds: float) -> None:
    """The last line: the figures and where everything lies."""
    figures = ", ".join(f"{name} {value:.3f}" for name, value in report["metrics"].items())
    marks = f" [{', '.join(report['marks'])}]" if report["marks"] else ""
    log.info(
        f"{report['state']} after {report['rounds']} of {report['of_rounds']} rounds in {clock(seconds)}{marks}"
        f"{': ' if figures else ''}{figures}"
    )
    log.info(f"pictures (samples/*.png), metrics.json and last.ckpt are in {folder}")


def _code_version() -> str:
    """Version and, in a checkout, the commit."""
    git = subprocess.run(
        ["git", "-C", str(Path(genzoo.__file__).parent), "describe", "--always", "--dirty", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    commit = git.stdout.strip()
    return f"{genzoo.__version__}+{commit}" if commit else genzoo.__version__


def _device_name(module: RoundModule) -> str:
    if module.device.type == "cuda":
        return torch.cuda.get_device_name(module.device)
    return f"{module.device.type}, {torch.get_num_threads()} threads"


def _evaluation_device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise GenzooError(
            f"device={name}: not available here ({str(error).splitlines()[0]}); use device=cpu."
        ) from error
