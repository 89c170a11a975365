"""The interface of metrics and how they are applied."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from PIL import Image

from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData


class Evaluation(NamedTuple):
    """What a metric found.

    Args:
        values: name -> number, e.g. ``code_error_majority``; the caller puts the split in front.
        pictures: name -> picture.
    """

    values: Mapping[str, float] = {}
    pictures: Mapping[str, Image.Image] = {}


class Metric(Protocol):
    """A measurement of a module that has certain capabilities."""

    needs: frozenset[type]

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Measures on ``"validation"`` or ``"test"`` data; must not touch global random state."""


def evaluate(metrics: Mapping[str, Metric], module: RoundModule, data: ImageData, split: str) -> Evaluation:
    """All metrics that the module is capable of, together.

    Args:
        metrics: name -> metric; those whose needs the module does not fulfil are passed over.
        module: is asked in ``module.inference()``.
        data: loaded.
        split: ``"validation"`` or ``"test"``.
    """
    values: dict[str, float] = {}
    pictures: dict[str, Image.Image] = {}
    for metric in metrics.values():
        if metric.needs <= module.capabilities():
            with module.inference():
                found = metric(module, data, split)
            values |= {f"{split}/{name}": float(value) for name, value in found.values.items()}
            pictures |= found.pictures
    return Evaluation(values, pictures)
