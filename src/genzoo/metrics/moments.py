"""Mean and standard deviation of samples on the line."""

from typing import Protocol, runtime_checkable

from genzoo.core.capabilities import Samples
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation


@runtime_checkable
class Scaled(Protocol):
    """Data whose models see numbers / ``extent``."""

    extent: float


@register
class Moments:
    """The mean and the standard deviation of samples, for numbers such as those of ``data=univariate``.

    Args:
        samples: number of samples.
        seed: seed of the samples.
    """

    needs = frozenset({Samples})

    def __init__(self, samples: int = 1_000_000, seed: int = 0):
        self.samples, self.seed = samples, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``mean`` and ``std`` in the data's units; empty for data that are not numbers."""
        if not isinstance(data, Scaled) or data.spec.shape != (1, 1, 1):
            return Evaluation()
        numbers = (
            module.sample(self.samples, generator=generator(self.seed, "moments")).flatten().double() * data.extent
        )
        values = {"mean": numbers.mean().item(), "std": numbers.std().item()}
        return Evaluation(values, {}, {"samples": self.samples, "seed": self.seed})
