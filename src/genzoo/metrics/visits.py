"""Where a model that acts goes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from PIL import Image

from genzoo.core.capabilities import Acts
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.figures import as_picture
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.playing import play

Range = Sequence[float]


@register
class VisitedStates:
    """Maps the observations of episodes by drawn actions, in two of their dimensions.

    Args:
        episodes: so many.
        dimensions: numbers of the two, from 0.
        ranges: of the two; None = the environment's own bounds, or what was visited where it has none. Maps of several
            models are alike only over the same ranges.
        cells: of the map, a side.
        seed: of the episodes.

    Raises:
        GenzooError: a number is not positive, there are not two dimensions or two ranges.

    Source: Houthooft et al. 2016, arXiv 1605.09674, section 3, which shows where the car of its mountain car
    goes with and without the bonus.
    """

    needs = frozenset({Acts})

    def __init__(
        self,
        episodes: int = 20,
        dimensions: Sequence[int] = (0, 1),
        ranges: Sequence[Range] | None = None,
        cells: int = 50,
        seed: int = 0,
    ):
        check_positive("metrics.visits.episodes", episodes)
        check_positive("metrics.visits.cells", cells)
        if len(dimensions) != 2 or not all(isinstance(d, int) and d >= 0 for d in dimensions):
            raise GenzooError(f"metrics.visits.dimensions={list(dimensions)}: two numbers of at least 0 are needed.")
        if ranges is not None and not (len(ranges) == 2 and all(len(r) == 2 and r[0] < r[1] for r in ranges)):
            raise GenzooError(f"metrics.visits.ranges={ranges}: two of [least, largest] are needed.")
        self.episodes, self.dimensions, self.ranges = episodes, list(dimensions), ranges
        self.cells, self.seed = cells, seed

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """The picture ``visits``, and ``visited_cells``, the fraction of the map's cells where it has been.

        Raises:
            GenzooError: observations have no such dimension.
        """
        if max(self.dimensions) >= data.spec.observations:
            raise GenzooError(
                f"metrics.visits.dimensions={self.dimensions}: data={data.name} observes "
                f"{data.spec.observations} numbers; give two below that."
            )
        episodes = play(module, data, self.episodes, split, self.seed, deterministic=False)
        points = np.concatenate([episode.observations[:, self.dimensions] for episode in episodes])
        ranges = self.ranges or self._bounds(data, points)
        counts, *edges = np.histogram2d(*points.T, bins=self.cells, range=ranges)
        protocol = {"episodes": self.episodes, "cells": self.cells, "dimensions": self.dimensions}
        protocol["ranges"] = [[round(float(value), 6) for value in of] for of in ranges]
        return Evaluation(
            {"visited_cells": (counts > 0).mean()}, {"visits": map_picture(counts, edges, self.dimensions)}, protocol
        )

    def _bounds(self, data: Data, points: np.ndarray) -> list[tuple[float, float]]:
        environment = data.make()
        space = environment.observation_space
        environment.close()
        found = []
        for i, dimension in enumerate(self.dimensions):
            low, high = float(space.low[dimension]), float(space.high[dimension])
            bounded = np.isfinite([low, high]).all() and high - low < 1e6  # some declare the largest float
            found.append((low, high) if bounded else (points[:, i].min() - 1e-6, points[:, i].max() + 1e-6))
        return found


def map_picture(counts: np.ndarray, edges: Sequence[np.ndarray], dimensions: Sequence[int]) -> Image.Image:
    """Colours go by the logarithm of the share of steps, so that what was visited once shows.

    Args:
        counts: (cells, cells), the first index along x.
        edges: of the cells, along x and y.
        dimensions: what the axes are.
    """
    figure = Figure(figsize=(4.8, 4), layout="constrained")
    axes = figure.add_subplot()
    share = np.ma.masked_equal(counts.T / max(counts.sum(), 1), 0)
    mesh = axes.pcolormesh(*edges, share, norm=LogNorm(1e-4, 1e-1), cmap="viridis")
    figure.colorbar(mesh, label="share of steps")
    axes.set(xlabel=f"observation {dimensions[0]}", ylabel=f"observation {dimensions[1]}")
    return as_picture(figure)
