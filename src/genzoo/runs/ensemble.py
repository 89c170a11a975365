"""Ensembles: the average class probabilities of several runs of one recipe."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genzoo.core.capabilities import Classifies
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.data.labels import known
from genzoo.data.module import ImageData
from genzoo.metrics.errors import ClassificationErrors
from genzoo.metrics.evaluation import Evaluation
from genzoo.runs.config_hash import decisive


def check_alike(paths: Sequence[Path], stored: Sequence[Mapping[str, Any]]) -> None:
    """Checks that the members of an ensemble differ only in their seed.

    Args:
        paths: paths of the checkpoints.
        stored: entry ``genzoo`` of each checkpoint.

    Raises:
        GenzooError: they differ in another setting; the message names the first one.
    """
    first = _flat(_alike(stored[0]))
    for path, other in zip(paths[1:], map(_flat, map(_alike, stored[1:])), strict=True):
        for key in sorted(first.keys() | other.keys()):
            if first.get(key) != other.get(key):
                raise GenzooError(
                    f"ckpt: {path} has {key}={other.get(key)}, but {paths[0]} has {first.get(key)}; members of an "
                    "ensemble share recipe, model, data and labels, and differ in their seed."
                )


def check_capable(paths: Sequence[Path], members: Sequence[RoundModule]) -> None:
    """Checks that all members can classify.

    Args:
        paths: paths of their checkpoints.
        members: the restored models.

    Raises:
        GenzooError: a member cannot; the message names the first one.
    """
    for path, module in zip(paths, members, strict=True):
        if Classifies not in module.capabilities():
            raise GenzooError(
                f"ckpt: {path} does not classify, but an ensemble averages class probabilities; give one checkpoint, "
                "or runs of a model that classifies."
            )


def _alike(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that all members must share: of the result, the labels, and the images."""
    shared = decisive(stored["config"])
    labels = {key: stored["config"]["data"].get(key, default) for key, default in _LABELS.items()}
    return shared | {"data": shared["data"] | labels, "images": stored["data"]}


_LABELS = {"labels_per_class": None, "label_seed": 0}


def _flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Returns dotted key -> leaf of nested mappings."""
    if not isinstance(tree, Mapping):
        return {prefix: tree}
    return {k: v for key, value in tree.items() for k, v in _flat(value, f"{prefix}.{key}".lstrip(".")).items()}


def measure(
    members: Sequence[RoundModule], metric: ClassificationErrors, data: ImageData, split: str
) -> tuple[Evaluation, list[int]]:
    """Computes the classification errors of an ensemble and of its members.

    Args:
        members: at least two models.
        metric: computes class probabilities and counts errors.
        data: loaded.
        split: ``"validation"`` or ``"test"``.

    Returns:
        ``ensemble_errors`` and ``ensemble_error`` (fraction), ``member_errors_mean`` and ``member_errors_std`` (with
        n - 1), ``members``, each named ``<split>/...``; and the errors of each member.

    Raises:
        GenzooError: there are no labels.

    Source: Salimans et al. 2016, arXiv 1606.03498, section 6.1 (ensemble of 10 models).
    """
    labels = known(data.split(split)).labels
    if not len(labels):
        raise GenzooError(f"split={split}: data={data.name} has no labelled images in this split to count errors on.")
    total, errors, protocol = 0, [], {}
    for module in members:
        with module.inference():
            probabilities = metric.probabilities(module, data, split).double()
            protocol = metric.protocol(module, data, len(labels))
        total = total + probabilities
        errors.append(metric.count(probabilities, labels))
    wrong = metric.count(total / len(errors), labels)
    values = {
        "ensemble_errors": wrong,
        "ensemble_error": wrong / len(labels),
        "member_errors_mean": statistics.mean(errors),
        "member_errors_std": statistics.stdev(errors),
        "members": len(errors),
    }
    return Evaluation(
        {f"{split}/{name}": float(value) for name, value in values.items()},
        protocol={"ensemble": protocol | {"average": "class probabilities"}},
    ), errors
