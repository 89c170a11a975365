"""The interface of metrics and how they are applied."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data

log = logging.getLogger("genzoo")


@dataclass(frozen=True)
class Evaluation:
    """The findings of a metric, or of several.

    Args:
        values: name -> number, e.g. ``code_error_majority``; the caller puts the split in front.
        pictures: name -> picture.
        protocol: how the numbers were measured, in plain containers.
        pages: name -> HTML.
        errors: metric -> the reason that it could not measure.
        animations: name -> pictures to be shown in turn.
        files: name, with its suffix -> content.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, Image.Image] = field(default_factory=dict)
    protocol: Mapping[str, Any] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, GenzooError] = field(default_factory=dict)
    animations: Mapping[str, Sequence[Image.Image]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def merge(self, other: "Evaluation") -> "Evaluation":
        """The findings of both; of two with the same name, the other's.

        >>> Evaluation({"fid": 3.0, "nll": 1.0}).merge(Evaluation({"fid": 2.0})).values
        {'fid': 2.0, 'nll': 1.0}
        """
        return Evaluation(**{f.name: {**getattr(self, f.name), **getattr(other, f.name)} for f in fields(self)})


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
    """Applies all metrics that the module is capable of.

    Args:
        metrics: name -> metric; those whose needs the module does not fulfil are passed over.
        module: is asked in ``module.inference()``.
        data: loaded.
        split: ``"validation"`` or ``"test"``.

    Returns:
        Their findings, with values named ``<split>/<name>`` and ``protocol``: metric -> its own. A metric that raises
        is among ``errors``, and the others are still applied.
    """
    whole = Evaluation()
    for name, metric in capable(metrics, module).items():
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


def capable(metrics: Mapping[str, Metric], module: RoundModule) -> dict[str, Metric]:
    """Those of the metrics that the module is capable of."""
    return {name: metric for name, metric in metrics.items() if metric.needs <= module.capabilities()}
