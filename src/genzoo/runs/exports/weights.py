"""A model as a folder of a ``model.safetensors`` and a ``config.json``, from which ``genzoo.load`` rebuilds it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn

import genzoo
from genzoo.core.checkpoints import checked
from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write, read_json, write_json
from genzoo.core.hashes import hash_of_file
from genzoo.runs.exports.extra import imported

CONFIG, WEIGHTS = "config.json", "model.safetensors"
COPIES = re.compile(r"averages\.(\w+)\.network\.(.+)")  # weights of averages, which are those of their networks
# Entries of a checkpoint that matter to training only.
TRAINING: Mapping[str, Any] = {
    "optimizer_states": [],
    "lr_schedulers": [],
    "callbacks": {},
    "epoch": 0,
    "global_step": 0,
}


def write_weights(module: nn.Module, stored: Mapping[str, Any], folder: Path) -> None:
    """Writes weights and configuration of a model; paths of this machine are left out.

    Args:
        module: the model, with its averaged networks in place.
        stored: the entry ``genzoo`` of its checkpoint.
        folder: an existing folder.

    Raises:
        GenzooError: safetensors is not installed, or a file cannot be written.
    """
    safetensors = imported("safetensors.torch", "to=safetensors")
    weights = {
        name: value.detach().cpu().contiguous().clone()
        for name, value in module.state_dict().items()
        if not COPIES.fullmatch(name)
    }
    with atomic_write(folder / WEIGHTS) as partial:
        safetensors.save_file(weights, partial, metadata={"format": "pt"})
    entry = {key: stored[key] for key in ("format", "config", "choices", "data", "trained_by")}
    content = {
        "genzoo_version": genzoo.__version__,
        "pytorch-lightning_version": pl.__version__,
        "weights": WEIGHTS,
        "sha256": hash_of_file(folder / WEIGHTS),
        "averaged": sorted(module.averages),
        "progress": module.progress.state_dict(),
        "genzoo": without_paths(entry),
    }
    write_json(folder / CONFIG, content)


def is_exported(source: Path) -> bool:
    """Whether a folder holds an exported model."""
    return (source / CONFIG).is_file() and (source / WEIGHTS).is_file()


def read_weights(folder: Path) -> dict[str, Any]:
    """Reads an untrusted folder, with the checks of a checkpoint; returns the entries of one, without optimizers.

    Raises:
        GenzooError: a file is damaged or refused, or safetensors is not installed.
    """
    safetensors = imported("safetensors.torch", f"load={folder}")
    try:
        content = read_json(folder / CONFIG)
        if not isinstance(content, dict) or not isinstance(content.get("genzoo"), dict):
            raise ValueError(f"{CONFIG} is not that of an exported model")
        if content.get("sha256") != hash_of_file(folder / WEIGHTS):
            raise ValueError(f"{WEIGHTS} does not match the digest in {CONFIG}")
        weights = safetensors.load_file(folder / WEIGHTS)
    except Exception as error:  # safetensors has its own exceptions for damaged files
        reason = " ".join(str(error).split())[:200]
        raise GenzooError(f"{folder}: the exported model is damaged ({reason}); export it again.") from error
    entries = {key: content[key] for key in ("progress", "genzoo", "pytorch-lightning_version") if key in content}
    return checked({**TRAINING, **entries, "state_dict": weights}, folder)


def with_copies(weights: Mapping[str, Tensor], module: nn.Module) -> dict[str, Tensor]:
    """Returns weights with those of averages, which a folder does not store a second time.

    Args:
        weights: of ``read_weights``.
        module: built from the configuration.
    """
    copies = {name: found for name in module.state_dict() if (found := COPIES.fullmatch(name))}
    named = {name: f"{found[1]}.{found[2]}" for name, found in copies.items()}
    return {**weights, **{copy: weights[name] for copy, name in named.items() if name in weights}}


def without_paths(tree: Any) -> Any:
    """Returns plain containers with the last part of every absolute path alone, since a path tells about its user.

    >>> without_paths({"data": {"root": "/home/me/data", "size": 28}})
    {'data': {'root': 'data', 'size': 28}}
    """
    if isinstance(tree, Mapping):
        return {key: without_paths(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [without_paths(value) for value in tree]
    return Path(tree).name if isinstance(tree, str) and tree.startswith(("/", "~")) else tree
