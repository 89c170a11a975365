"""A grid of samples."""

from genzoo.core.batches import Shown
from genzoo.core.capabilities import Samples
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.show import show


@register
class SampleGrid:
    """Draws ``rows`` x ``columns`` samples, always from the same random numbers, so that pictures are comparable.

    Args:
        rows, columns: size of the grid.
        seed: seed of the random numbers.
    """

    needs = frozenset({Samples, Shown})

    def __init__(self, rows: int = 10, columns: int = 10, seed: int = 0):
        self.rows, self.columns, self.seed = rows, columns, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns the picture ``grid``."""
        images = module.sample(self.rows * self.columns, generator=generator(self.seed, "grid"))
        return Evaluation(pictures={"grid": picture(show(images, data.spec), self.columns)})
