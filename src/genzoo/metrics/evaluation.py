"""The interface of metrics and how they are applied."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data

log = logging.getLogger("genzoo")


class Evaluation(NamedTuple):
    """What a metric found.

    Args:
        values: name -> number, e.g. ``code_error_majority``; the caller puts the split in front.
        pictures: name -> picture.
        protocol: how the numbers were measured, in plain containers.
        pages: name -> HTML.
        errors: metric -> why it could not measure.
        animations: name -> pictures to be shown in turn.
        files: name, with its suffix -> content.
    """

    values: Mapping[str, float] = {}
    pictures: Mapping[str, Image.Image] = {}
    protocol: Mapping[str, Any] = {}
    pages: Mapping[str, str] = {}
    errors: Mapping[str, GenzooError] = {}
    animations: Mapping[str, Sequence[Image.Image]] = {}
    files: Mapping[str, bytes] = {}


@runtime_checkable
class Metric(Protocol):
    """A measurement of a module that has certain capabilities."""

    needs: frozenset[type]

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """Measures on ``"validation"`` or ``"test"`` data; must not touch global random state."""


def check_metrics(metrics: Mapping[str, Any], key: str) -> dict[str, Metric]:
    """The metrics that a configuration gave, without those that are None.

    Raises:
        GenzooError: one is none, or they have no names.
    """
    chosen = {name: one for name, one in metrics.items() if one is not None} if isinstance(metrics, Mapping) else None
    if chosen is None or not all(isinstance(one, Metric) for one in chosen.values()):
        raise GenzooError(f"{key}: metrics with names are needed, as in conf/metrics.")
    return chosen


def evaluate(metrics: Mapping[str, Metric], module: RoundModule, data: Data, split: str) -> Evaluation:
    """All metrics that the module is capable of, together.

    Args:
        metrics: name -> metric; those whose needs the module does not fulfil are passed over.
        module: is asked in ``module.inference()``.
        data: loaded.
        split: ``"validation"`` or ``"test"``.

    Returns:
        Values named ``<split>/<name>``; pictures, pages, animations and files of all; ``protocol``: metric -> its own;
        ``errors``: what went wrong with some, which keeps nobody from having the others.
    """
    whole = Evaluation({}, {}, {}, {}, {}, {}, {})
    for name, metric in capable(metrics, module).items():
        try:
            with module.inference():
                found = metric(module, data, split)
        except GenzooError as error:
            log.warning(f"{name} is not measured: {error}")
            whole.errors[name] = error
            continue
        whole.values.update({f"{split}/{key}": float(value) for key, value in found.values.items()})
        whole.pictures.update(found.pictures)
        whole.pages.update(found.pages)
        whole.animations.update(found.animations)
        whole.files.update(found.files)
        if found.protocol:
            whole.protocol[name] = dict(found.protocol)
    return whole


def capable(metrics: Mapping[str, Metric], module: RoundModule) -> dict[str, Metric]:
    """Those of the metrics that the module is capable of."""
    return {name: metric for name, metric in metrics.items() if metric.needs <= module.capabilities()}
