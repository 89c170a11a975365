"""An animation of sampled videos."""

from genzoo.core.batches import Videos
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_positive
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.evaluation import Evaluation


@register
class Films:
    """Shows ``rows`` x ``columns`` sampled videos side by side, always from the same random numbers.

    Args:
        rows, columns: number of videos.
        seed: seed of the random numbers.

    Raises:
        GenzooError: a number is not a positive integer.
    """

    needs = frozenset({Samples, Videos})

    def __init__(self, rows: int = 4, columns: int = 6, seed: int = 0):
        check_positive("metrics.films.rows", rows)
        check_positive("metrics.films.columns", columns)
        self.rows, self.columns, self.seed = rows, columns, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns the animation ``films``."""
        videos = module.sample(self.rows * self.columns, generator=generator(self.seed, "films"))
        return Evaluation(animations={"films": [picture(frame, self.columns) for frame in videos.unbind(2)]})
