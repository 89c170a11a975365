"""The schema of checkpoints, which a file is checked against before any of it is used.

Checkpoints are untrusted. ``check_entries`` checks the file alone; ``check_weights`` and ``check_optimizers`` compare
it with the module of its configuration. Optimizers do not check their state: with moments of another shape they would
write beyond allocated memory.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.files import plain_name

NONE = type(None)
# Entry -> types of its value: all entries that Lightning and genzoo read.
ENTRIES: Mapping[str, tuple[type, ...]] = {
    "state_dict": (Mapping,),
    "optimizer_states": (list,),
    "lr_schedulers": (list,),
    "callbacks": (Mapping,),
    "epoch": (int,),
    "global_step": (int,),
    "pytorch-lightning_version": (str,),
    "progress.rounds": (int,),
    "progress.seen": (int,),
    "genzoo.trained_by": (str,),
    "genzoo.choices": (Mapping,),
    "genzoo.data.source": (str,),
    "genzoo.data.fingerprint": (str,),
    "genzoo.config.seed": (int,),
    "genzoo.config.recipe.name": (str,),
    "genzoo.config.model._target_": (str,),
    "genzoo.config.data._target_": (str,),
    "genzoo.config.paths.data": (str, NONE),
    "genzoo.config.trainer.rounds": (int,),
    "genzoo.config.trainer.width": (str,),
    "genzoo.config.trainer.marks": (list,),
    "genzoo.config.trainer.accelerator": (str,),
    "genzoo.config.trainer.devices": (int, str, list),
    "genzoo.config.trainer.strategy": (str,),
    "genzoo.config.trainer.precision": (str,),
    "genzoo.config.trainer.options": (Mapping,),
    "genzoo.config.channels_last": (bool,),
    "genzoo.config.compile": (bool,),
    "genzoo.config.deterministic": (bool, str),
}
# Entries that checkpoints of earlier versions may lack.
OPTIONAL: Mapping[str, tuple[type, ...]] = {
    "meters": (Mapping,),
    "genzoo.shown.metrics": (Mapping,),
    "genzoo.shown.callbacks": (Mapping,),
    "genzoo.shown.logger": (Mapping,),
    "genzoo.config.trainer.accumulate": (int,),
    "genzoo.config.trainer.gradient_clip": (int, float, NONE),
    "genzoo.config.global_batch_norm": (bool,),
    "genzoo.config.init": (str, NONE),
    "genzoo.config.init_strict": (bool,),
    "genzoo.config.experiment": (Mapping, NONE),
    "genzoo.config.marks": (list,),
}
PLAIN = ("genzoo", "progress", "callbacks", "meters")  # plain containers, no tensors
DEPTH, VALUES, LETTERS = 32, 1_000_000, 10_000  # maximum nesting, number of values, length of a string
LONG = 200  # maximum length of an entry's name or value in a message
# Versions of Lightning that need no migration of checkpoints.
LIGHTNING = re.compile(r"2\.\d{1,3}\.\d{1,3}((\.post|\.dev|rc|a|b)\d{1,9})?")
UNPRINTABLE = re.compile("[^\n\t -~\u00a0-\ud7ff\ue000-\U0010ffff]")  # control characters, surrogates


def check_entries(checkpoint: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Checks the types of a checkpoint's entries and returns those that are read; others are left out.

    Raises:
        GenzooError: an entry is missing or wrong; names the first one.
    """
    # Types of all known entries.
    for key in PLAIN:
        _check_plain(checkpoint.get(key), key, path)
    for key, kinds in {**ENTRIES, **OPTIONAL}.items():
        value, missing = checkpoint, False
        for name in key.split("."):
            missing = not isinstance(value, Mapping) or name not in value
            if missing:
                break
            value = value[name]
        if missing and key in ENTRIES:
            raise _wrong(path, key, "is missing")
        if not missing and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise _wrong(path, key, f"is {shown(value)} where {' or '.join(kind.__name__ for kind in kinds)} is needed")
    # Values that the types do not cover.
    if not LIGHTNING.fullmatch(version := checkpoint["pytorch-lightning_version"]):
        raise _wrong(path, "pytorch-lightning_version", f"is {shown(version)}")
    for name, state in checkpoint["callbacks"].items():
        if not isinstance(state, Mapping):
            raise _wrong(path, f"callbacks.{name}", f"is {shown(state)} where Mapping is needed")
    for key, value in checkpoint["progress"].items():
        if key not in ("rounds", "seen") or value < 0:
            raise _wrong(path, f"progress.{key}", f"is {shown(value)}")
    rounds, of_rounds = checkpoint["progress"]["rounds"], checkpoint["genzoo"]["config"]["trainer"]["rounds"]
    if rounds > of_rounds:
        raise _wrong(path, "progress.rounds", f"is {rounds}, but the run's length is trainer.rounds={of_rounds}")
    plain_name(f"{path}: genzoo.config.recipe.name", checkpoint["genzoo"]["config"]["recipe"]["name"])
    for name, meter in checkpoint.get("meters", {}).items():
        if not isinstance(meter, list | tuple) or [type(value) for value in meter] != [float, int] or meter[1] < 1:
            raise _wrong(path, f"meters.{name}", f"is {shown(meter)} where a sum and a count are needed")
    read = {key.split(".")[0] for key in (*ENTRIES, *OPTIONAL)}
    return {key: value for key, value in checkpoint.items() if key in read}


def check_weights(checkpoint: Mapping[str, Any], module: nn.Module, path: Path) -> None:
    """Checks that weights, including averages, have the module's names, shapes and types, and are finite.

    Args:
        checkpoint: result of ``load_checkpoint``.
        module: built from the checkpoint's configuration.
        path: path of the file, for messages.

    Raises:
        GenzooError: an entry does not fit; names the first one.
    """
    stored, built = checkpoint["state_dict"], module.state_dict()
    if lacking := [name for name in built if name not in stored]:
        raise _wrong(path, "state_dict", f"lacks {lacking[0]}; it belongs to another model")
    for name, value in stored.items():
        if name not in built:
            raise _wrong(path, "state_dict", f"contains {shown(name)}; it belongs to another model")
        check_tensor(value, built[name], f"state_dict.{name}", path)


def check_optimizers(checkpoint: Mapping[str, Any], module: Any, path: Path) -> None:
    """Checks that the states of optimizers have the form that the module's optimizers would create.

    Args:
        checkpoint, path: see ``check_weights``.
        module: a ``RoundModule``, built from the checkpoint's configuration.

    Raises:
        GenzooError: an entry does not fit; names the first one.
    """
    players, states = module.players(), checkpoint["optimizer_states"]
    if len(states) != len(players):
        raise _wrong(path, "optimizer_states", f"are {len(states)}, but the model's players are {', '.join(players)}")
    for player, optimizer, state in zip(players, module.configure_optimizers(), states, strict=True):
        factory, scheduled = module.optimizer_factories[player], module.schedules.get(player, {})
        _check_optimizer(state, optimizer, factory, scheduled, f"optimizer_states.{player}", path)


def _check_optimizer(
    stored: Any, optimizer: torch.optim.Optimizer, factory: Any, scheduled: Mapping[str, Any], key: str, path: Path
) -> None:
    if not isinstance(stored, Mapping) or not isinstance(stored.get("state"), Mapping):
        raise _wrong(path, key, "is not the state of an optimizer")
    groups, built = stored.get("param_groups"), optimizer.state_dict()["param_groups"]
    _check_plain(groups, f"{key}.param_groups", path)
    if not isinstance(groups, list) or len(groups) != len(built) or not all(isinstance(g, Mapping) for g in groups):
        raise _wrong(path, f"{key}.param_groups", f"is not {len(built)} groups of options")
    # Options must equal the configuration's, except scheduled ones, which each round sets.
    for group, configured in zip(groups, built, strict=True):
        if "params" not in group:
            raise _wrong(path, f"{key}.params", "is missing")
        for name, value in group.items():
            number = isinstance(value, int | float) and math.isfinite(value)
            if name not in configured or not (number if name in scheduled else _equal(value, configured[name])):
                needed = shown(configured.get(name, "no such option"))
                raise _wrong(path, f"{key}.{name}", f"is {shown(value)}, but the configuration has {needed}")
    # The state of each parameter must have the form that the optimizer creates.
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for i, state in stored["state"].items():
        if not isinstance(i, int) or not 0 <= i < len(parameters) or not isinstance(state, Mapping):
            raise _wrong(path, f"{key}.state", f"has an entry {shown(i)}, but there are {len(parameters)} parameters")
        fresh = _fresh_state(factory, parameters[i])
        if state and state.keys() != fresh.keys():
            raise _wrong(path, f"{key}.state.{i}", f"contains other values than {', '.join(fresh) or 'none'}")
        for name, value in state.items():
            entry = f"{key}.state.{i}.{name}"
            check_tensor(value, fresh[name], entry, path)
            if torch.as_tensor(value).dim() == 0 and value < 0:  # a count of steps
                raise _wrong(path, entry, f"is {value}")


def _fresh_state(factory: Any, like: Tensor) -> Mapping[str, Any]:
    """The state of an optimizer for a parameter after one step."""
    parameter = nn.Parameter(torch.zeros_like(like, device="cpu"))
    parameter.grad = torch.zeros_like(parameter)
    optimizer = factory([parameter])
    optimizer.step()
    return optimizer.state[parameter]


def check_tensor(value: Any, built: Any, key: str, path: Path) -> None:
    """Checks that a value could replace ``built``, a tensor or a number: type, shape, layout; finite."""
    if not isinstance(built, Tensor):
        if type(value) is not type(built) or (isinstance(value, int | float) and not math.isfinite(value)):
            raise _wrong(path, key, f"is {shown(value)} where {type(built).__name__} is needed")
        return
    if not isinstance(value, Tensor):
        raise _wrong(path, key, f"is {shown(value)} where a tensor is needed")
    if value.layout != torch.strided or value.device.type != "cpu" or value.is_nested or value.is_neg():
        raise _wrong(path, key, f"is a tensor of layout {value.layout} on {value.device}, not a plain one")
    if (value.shape, value.dtype) != (built.shape, built.dtype):
        raise _wrong(
            path,
            key,
            f"has shape {tuple(value.shape)} and type {value.dtype} where {tuple(built.shape)} and {built.dtype} are "
            "needed",
        )
    if torch.empty_like(value, device="meta").stride() != value.stride():  # torch keeps the strides of dense ones only
        raise _wrong(path, key, f"has values that share their memory (strides {value.stride()})")
    if value.is_floating_point() and not value.isfinite().all():
        raise _wrong(path, key, "contains values that are not finite; this is not a healthy checkpoint")


def _check_plain(tree: Any, key: str, path: Path) -> None:
    """Checks that a value consists of plain containers of moderate size.

    The loop is not recursive, since a container that contains itself would exceed the recursion limit.
    """
    waiting, seen = [(key, tree, 0)], 0
    while waiting:
        key, value, depth = waiting.pop()
        seen += 1
        if depth > DEPTH or seen > VALUES:
            raise _wrong(path, key, "is nested too deeply, or contains too many values")
        if isinstance(value, Mapping):
            if strange := [name for name in value if not isinstance(name, str | int) or not _is_plain(name)]:
                raise _wrong(path, key, f"has the key {shown(strange[0])}")
            waiting += [(f"{key}.{name}"[:LONG], child, depth + 1) for name, child in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(f"{key}.{i}", child, depth + 1) for i, child in enumerate(value)]
        elif not _is_plain(value):
            raise _wrong(path, key, f"contains {shown(value)}, which is not a plain value")


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LETTERS and not UNPRINTABLE.search(value)
    if isinstance(value, int):
        return abs(value) < 2**63
    return value is None or isinstance(value, float)


def _equal(value: Any, configured: Any) -> bool:
    """Whether two options are equal, without a distinction between lists and tuples."""
    return (list(value) if isinstance(value, list | tuple) else value) == (
        list(configured) if isinstance(configured, list | tuple) else configured
    )


def _wrong(path: Path, key: str, what: str) -> GenzooError:
    return GenzooError(f"{path}: {key} {what}; refused. Give a checkpoint that train.py wrote.")


def shown(value: Any) -> str:
    """A short text of one line for an untrusted value, for messages."""
    text = ascii(value) if _is_plain(value) else f"a {type(value).__name__}"
    return text if len(text) <= LONG else f"{text[:LONG]}..."
