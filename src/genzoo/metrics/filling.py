"""Images that fill in."""

from genzoo.core.capabilities import FillsIn
from genzoo.core.checks import check_positive
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation


@register
class Filling:
    """Shows samples as they come into being.

    Args:
        rows, columns: of samples.
        seed: of their random numbers.

    Raises:
        GenzooError: rows or columns are no positive integer.
    """

    needs = frozenset({FillsIn})

    def __init__(self, rows: int = 4, columns: int = 8, seed: int = 0):
        check_positive("metrics.filling.rows", rows)
        check_positive("metrics.filling.columns", columns)
        self.rows, self.columns, self.seed = rows, columns, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """The animation ``filling``."""
        frames = module.fill_in(self.rows * self.columns, generator(self.seed, "filling"))
        return Evaluation(animations={"filling": [picture(frame, self.columns) for frame in frames]})
