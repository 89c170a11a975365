"""The interface of metrics, and the function that computes several of them."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data

log = logging.getLogger("genzoo")


class Evaluation(NamedTuple):
    """The results of a metric.

    Args:
        values: name -> number, e.g. ``code_error_majority``; the caller prefixes the split.
        pictures: name -> picture.
        protocol: conditions of the measurement, in plain containers.
        pages: name -> HTML.
        errors: metric -> error that kept it from measuring.
        animations: name -> frames.
        files: file name with suffix -> content.
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
    """A measurement that needs certain capabilities of a module."""

    needs: frozenset[type]

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """Measures on ``"validation"`` or ``"test"`` data; must not change the global random state."""


def check_metrics(metrics: Mapping[str, Any], key: str) -> dict[str, Metric]:
    """Returns the metrics of a configuration, without those that are None.

    Raises:
        GenzooError: a value is not a metric, or the metrics have no names.
    """
    chosen = {name: one for name, one in metrics.items() if one is not None} if isinstance(metrics, Mapping) else None
    if chosen is None or not all(isinstance(one, Metric) for one in chosen.values()):
        raise GenzooError(f"{key}: expected metrics with names, as in conf/metrics.")
    return chosen


def evaluate(metrics: Mapping[str, Metric], module: RoundModule, data: Data, split: str) -> Evaluation:
    """Computes all metrics for which the module has the needed capabilities.

    Args:
        metrics: name -> metric; metrics that need a missing capability are skipped.
        module: evaluated inside ``module.inference()``.
        data: loaded.
        split: ``"validation"`` or ``"test"``.

    Returns:
        Values named ``<split>/<name>``; pictures, pages, animations and files of all; ``protocol``: metric -> its
        protocol; ``errors``: metric -> GenzooError. A metric that fails does not stop the others.
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
    """Returns the metrics for which the module has the needed capabilities."""
    return {name: metric for name, metric in metrics.items() if metric.needs <= module.capabilities()}
