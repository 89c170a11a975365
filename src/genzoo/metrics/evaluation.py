"""The interface of metrics, and the function that computes several of them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from genzoo.core.batches import Events, Images, Showers, Shown, Tokens, Videos, Volumes
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data

KINDS = frozenset({Events, Images, Showers, Shown, Tokens, Videos, Volumes})  #: of data

log = logging.getLogger("genzoo")


@dataclass(frozen=True)
class Evaluation:
    """The results of one metric or several.

    Args:
        values: name -> number, e.g. ``code_error_majority``; the caller prefixes the split.
        pictures: name -> picture.
        protocol: conditions of the measurement, in plain containers.
        pages: name -> HTML.
        errors: metric -> error that kept it from measuring.
        animations: name -> frames.
        files: file name with suffix -> content.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, Image.Image] = field(default_factory=dict)
    protocol: Mapping[str, Any] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, GenzooError] = field(default_factory=dict)
    animations: Mapping[str, Sequence[Image.Image]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def merge(self, other: "Evaluation") -> "Evaluation":
        """Returns the results of both; for equal names, those of ``other``.

        >>> Evaluation({"fid": 3.0, "nll": 1.0}).merge(Evaluation({"fid": 2.0})).values
        {'fid': 2.0, 'nll': 1.0}
        """
        return Evaluation(**{f.name: {**getattr(self, f.name), **getattr(other, f.name)} for f in fields(self)})


@runtime_checkable
class Metric(Protocol):
    """A measurement that needs certain capabilities of a module, or kinds of data."""

    needs: frozenset[type]  #: of ``genzoo.core.capabilities``, and kinds of data, such as ``Images``

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
    """Computes all metrics for which the module has the needed capabilities, and the data are of the needed kind.

    Args:
        metrics: name -> metric; metrics that need a missing capability or other data are skipped.
        module: evaluated inside ``module.inference()``.
        data: loaded.
        split: ``"validation"`` or ``"test"``.

    Returns:
        Their results, with values named ``<split>/<name>`` and ``protocol``: metric -> its protocol. A metric that
        raises a GenzooError is listed in ``errors`` and does not stop the others.
    """
    whole = Evaluation()
    for name, metric in capable(metrics, module, data).items():
        try:
            with module.inference():
                found = metric(module, data, split)
        except GenzooError as error:
            log.warning(f"{name} is not measured: {error}")
            found = Evaluation(errors={name: error})
        values = {f"{split}/{key}": float(value) for key, value in found.values.items()}
        protocol = {name: dict(found.protocol)} if found.protocol else {}
        whole = whole.merge(replace(found, values=values, protocol=protocol))
    return whole


def capable(metrics: Mapping[str, Metric], module: RoundModule, data: Data | None = None) -> dict[str, Metric]:
    """Returns the metrics for which the module has the needed capabilities, and the data are of the needed kind.

    Args:
        metrics: name -> metric.
        module: the model.
        data: None = of any kind.
    """
    offered = module.capabilities() | (KINDS if data is None else data.spec.kinds)
    return {name: metric for name, metric in metrics.items() if metric.needs <= offered}
