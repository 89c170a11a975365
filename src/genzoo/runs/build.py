"""Builds data, model, metrics and trainer options from a configuration."""

from collections.abc import Mapping
from typing import Any

import hydra
import pytorch_lightning as pl
import torch
from hydra.errors import InstantiationException
from omegaconf import OmegaConf
from pytorch_lightning.plugins.environments import LightningEnvironment
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from genzoo.core.batches import DataSpec
from genzoo.core.checkpoints import AtomicCheckpointIO
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.kinds import shown
from genzoo.core.randomness import derive_seed
from genzoo.core.rounds import RoundModule
from genzoo.core.signatures import check_settings
from genzoo.core.strategy import TurnStrategy
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Metric
from genzoo.nn.batch_norm import with_global_batch_norm
from genzoo.runs import torchrun

# In both, losses, likelihoods and optimizers are float32.
PRECISIONS = ("32-true", "bf16-mixed")


def build(config: Any, key: str, kind: type = object, **extra: Any) -> Any:
    """Instantiates ``config`` by its ``_target_``.

    Args:
        config: plain containers or an OmegaConf node.
        key: its key in the configuration, for messages.
        kind: expected class or protocol.
        extra: further arguments of the constructor.

    Raises:
        GenzooError: a constructor refuses its arguments, or builds an object of another kind.
    """
    plain = OmegaConf.to_container(config, resolve=True) if OmegaConf.is_config(config) else config
    if plain is not None and not (isinstance(plain, Mapping) and "_target_" in plain):
        raise GenzooError(f"{key}={shown(plain)}: expected a mapping with a _target_; correct or remove it.")
    check_settings(plain, key, [*extra])
    try:
        found = hydra.utils.instantiate(config, _convert_="all", **extra)
    except InstantiationException as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, GenzooError):
            cause = cause.__cause__
        if cause is not None:
            raise cause from None
        reason = " ".join(str(error.__cause__ or error).splitlines()[:2])
        where = next((line.split(": ")[1] for line in str(error).splitlines() if "full_key: " in line), "")
        raise GenzooError(
            f"{'.'.join(filter(None, [key, where]))}: {reason}; check the configuration's keys."
        ) from error
    if not isinstance(found, kind):
        raise GenzooError(
            f"{key}: its _target_ builds a {type(found).__name__}, not a {kind.__name__}; check the configuration."
        )
    return found


def build_data(config: Mapping[str, Any]) -> Data:
    """Builds the DataModule of a resolved configuration, without loading data."""
    return build(config["data"], "data", Data)


def check_kind(model: Mapping[str, Any], data: Data) -> None:
    """Checks, before a model is built for the shape of its data, that they are of the kind that it is trained on.

    Args:
        model: its configuration.
        data: not loaded.

    Raises:
        GenzooError: they are not.
    """
    kind = hydra.utils.get_object(model["_target_"])
    if isinstance(kind, type) and issubclass(kind, ImageModule) and isinstance(data.spec, DataSpec):
        kind.check_kind(data.spec)


def build_module(config: Mapping[str, Any]) -> RoundModule:
    """Builds the model of a resolved configuration, initialised with its seed."""
    seed = config["seed"]
    if not isinstance(seed, int) or seed < 0:
        raise GenzooError(f"seed={seed}: a non-negative integer is needed.")
    torch.manual_seed(derive_seed(seed, "initialisation"))
    module = build(config["model"], "model", RoundModule).ready()
    module.seed = seed
    _set_turns(module, config["trainer"])
    if config.get("global_batch_norm"):  # older checkpoints lack the key
        with_global_batch_norm(module)
    if config["channels_last"] and all(p.dim() < 5 for p in module.parameters()):  # a format of images
        module.to(memory_format=torch.channels_last)
    if config["compile"]:
        module.compile_networks()
    return module


def _set_turns(module: RoundModule, chosen: Mapping[str, Any]) -> None:
    """Sets the trainer's gradient clipping and accumulation."""
    module.accumulate, module.gradient_clip = chosen.get("accumulate", 1), chosen.get("gradient_clip")
    check_positive("trainer.accumulate", module.accumulate)
    if module.accumulate > 1 and not module.accumulates:
        raise GenzooError(f"trainer.accumulate={module.accumulate}: this model needs its whole batch; use 1.")
    if module.gradient_clip is not None and not module.gradient_clip > 0:
        raise GenzooError(f"trainer.gradient_clip={module.gradient_clip}: a positive norm is needed, or null for none.")


def trainer_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments of Lightning's Trainer; builds one first, so that missing devices fail early.

    Raises:
        GenzooError: Lightning refuses the devices or an option; the message names them.
    """
    chosen = config["trainer"]
    accelerator, devices, machines = chosen["accelerator"], chosen["devices"], 1
    if "num_nodes" in chosen["options"]:
        raise GenzooError("trainer.options.num_nodes: for several machines start torchrun on each; it sets the number.")
    if torchrun.started():
        here, machines = torchrun.processes()
        if devices not in (here, -1, "auto"):
            raise GenzooError(
                f"trainer.devices={devices}: torchrun has started {here} processes on this machine; "
                f"use trainer.devices={here}, or torchrun --nproc-per-node={devices}."
            )
        devices = here
    gpus = torch.cuda.device_count()
    if accelerator in ("gpu", "cuda") and (not gpus or (isinstance(devices, int) and devices > gpus)):
        raise GenzooError(
            f"trainer.accelerator={accelerator} trainer.devices={devices}: this machine has {gpus} GPU(s); "
            "use trainer=cpu or fewer devices."
        )
    if chosen["precision"] not in PRECISIONS:
        raise GenzooError(f"trainer.precision={chosen['precision']}: unknown. Accepted: {', '.join(PRECISIONS)}.")
    strategy = chosen["strategy"]
    if strategy == "auto" and (devices, machines) != (1, 1):
        strategy = TurnStrategy.name
    options = {
        "accelerator": accelerator,
        "devices": devices,
        "num_nodes": machines,
        "strategy": strategy,
        "precision": chosen["precision"],
        "deterministic": config["deterministic"],
        "max_epochs": 1,  # one pass over the loader is the whole run
        "limit_val_batches": 0,
        "num_sanity_val_steps": 0,
        "use_distributed_sampler": False,  # the loader shards by itself
        "enable_progress_bar": False,
        "enable_model_summary": False,
        # torchrun or Lightning start processes, never SLURM, whose variables Lightning would use otherwise.
        "plugins": [AtomicCheckpointIO(), *([] if torchrun.started() else [LightningEnvironment()])],
    } | chosen["options"]
    try:
        pl.Trainer(**options, logger=False, enable_checkpointing=False)
    except (MisconfigurationException, ValueError, TypeError, ImportError) as error:
        raise GenzooError(
            f"trainer.accelerator={accelerator} trainer.devices={devices}: {' '.join(str(error).split())}"
        ) from error
    return options


def build_metrics(config: Mapping[str, Any]) -> dict[str, Metric]:
    """Builds the configured metrics; other entries, such as ``metrics.against``, are settings for interpolation."""
    chosen = {name: one for name, one in config["metrics"].items() if one and not isinstance(one, str)}
    return {name: build(one, f"metrics.{name}", Metric) for name, one in chosen.items()}
