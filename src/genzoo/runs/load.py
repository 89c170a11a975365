"""Models from checkpoints, ready for use."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from genzoo.core.checkpoint_schema import check_optimizers
from genzoo.core.checkpoints import load_checkpoint, load_weights
from genzoo.core.errors import GenzooError
from genzoo.core.registry import trust as trust_modules
from genzoo.core.rounds import RoundModule
from genzoo.runs.build import build_module
from genzoo.runs.exports.hub import SCHEME, download
from genzoo.runs.exports.weights import WEIGHTS, is_exported, read_weights, with_copies
from genzoo.runs.found import find_checkpoint


class Loaded(NamedTuple):
    """A model ready for use, and where it is from.

    Args:
        module: the model, with its averaged networks, in evaluation mode.
        stored: the entry ``genzoo`` of its checkpoint: configuration, data, version of the code.
        path: the file.
    """

    module: RoundModule
    stored: Mapping[str, Any]
    path: Path


def load(source: str | Path, trust: str | Sequence[str] = (), device: str = "cpu") -> RoundModule:
    """Rebuilds the model of a checkpoint, with its averaged networks, in evaluation mode.

    What it offers depends on its capabilities, ``model.capabilities()``: ``sample``, ``decode``, ``encode``,
    ``complete``, ``classify``, ``act`` and others. Their methods run without gradients and with the batch-norm
    statistics of the recipe; gradients flow through the networks themselves, such as ``model.generator``.

    Args:
        source: a run folder (its ``last.ckpt``), a ``.ckpt`` file, a folder of ``genzoo export to=safetensors``, or
            ``hf://<user>/<name>`` (``@<revision>``), such a folder on the Hugging Face Hub. All are untrusted: no code
            in them is run.
        trust: your modules that register classes that the checkpoint names.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` ..., or ``"auto"``.

    Raises:
        GenzooError: there is no such checkpoint, it is damaged or refused, or there is no such device.

    Examples:
        >>> load("runs/nowhere")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: load=runs/nowhere: there is no checkpoint runs/nowhere; give a run folder or ...
    """
    return loaded(source, "load", trust, device).module


def loaded(source: str | Path, key: str, trust: str | Sequence[str], device: str) -> Loaded:
    """Like ``load``, with the model's origin.

    Args:
        source, trust, device: see ``load``.
        key: configuration key of the source, for messages.
    """
    trust_modules([trust] if isinstance(trust, str) else trust)
    source = download(source) if isinstance(source, str) and source.startswith(SCHEME) else source
    if source not in (None, "") and is_exported(Path(source)):
        path = Path(source) / WEIGHTS
        checkpoint = read_weights(Path(source))
        module = _built(checkpoint, path)
    else:
        path = find_checkpoint(source, key)
        checkpoint = load_checkpoint(path)
        module = restored(checkpoint, path)
    module.use_averages()
    return Loaded(module.to(find_device(device)), checkpoint["genzoo"], path)


def _built(exported: Mapping[str, Any], path: Path) -> RoundModule:
    """Builds an exported model, which has no optimizers' states."""
    module = build_module(exported["genzoo"]["config"])
    load_weights(module, {**exported, "state_dict": with_copies(exported["state_dict"], module)}, path)
    module.on_load_checkpoint({**exported})
    return module


def restored(checkpoint: Mapping[str, Any], path: Path) -> RoundModule:
    """Builds the model of a checkpoint, with its weights and progress, on the CPU.

    Args:
        checkpoint: its content.
        path: its file, for messages.

    Raises:
        GenzooError: the weights belong to another model, or the run has diverged.
    """
    module = build_module(checkpoint["genzoo"]["config"])
    load_weights(module, checkpoint, path)
    check_optimizers(checkpoint, module, path)  # non-finite optimizer states mean that the run has diverged
    module.on_load_checkpoint(checkpoint)
    return module


def find_device(name: str) -> torch.device:
    """Returns a device; ``"auto"`` is a GPU if there is one.

    Raises:
        GenzooError: there is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise GenzooError(f"device={name}: not available here ({reason}); use device=cpu.") from error
