"""A map of the states that a policy visits."""

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
    """A map of the observations in episodes with drawn actions, in two of their dimensions.

    Args:
        episodes: number of episodes.
        dimensions: indices of the two dimensions, from 0.
        ranges: range of each dimension; None = the environment's bounds, or the visited range if it has none. Maps of
            several models are comparable only over the same ranges.
        cells: number of cells per side of the map.
        seed: seed of the episodes.

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
            raise GenzooError(f"metrics.visits.dimensions={list(dimensions)}: expected two integers of at least 0.")
        if ranges is not None and not (len(ranges) == 2 and all(len(r) == 2 and r[0] < r[1] for r in ranges)):
            raise GenzooError(f"metrics.visits.ranges={ranges}: expected two pairs [smallest, largest].")
        self.episodes, self.dimensions, self.ranges = episodes, list(dimensions), ranges
        self.cells, self.seed = cells, seed

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """Returns the picture ``visits``, and ``visited_cells``, the fraction of the map's cells that were visited.

        Raises:
            GenzooError: the observations have fewer dimensions.
        """
        if max(self.dimensions) >= data.spec.observations:
            raise GenzooError(
                f"metrics.visits.dimensions={self.dimensions}: observations of data={data.name} "
                f"have {data.spec.observations} dimensions; choose two of them, counted from 0."
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
            bounded = np.isfinite([low, high]).all() and high - low < 1e6  # not the largest float
            found.append((low, high) if bounded else (points[:, i].min() - 1e-6, points[:, i].max() + 1e-6))
        return found


def map_picture(counts: np.ndarray, edges: Sequence[np.ndarray], dimensions: Sequence[int]) -> Image.Image:
    """Draws the map. Colours are logarithmic in the share of steps, so that cells visited once are visible.

    Args:
        counts: (cells, cells), the first index along x.
        edges: edges of the cells along x and y.
        dimensions: observation index of each axis.
    """
    figure = Figure(figsize=(4.8, 4), layout="constrained")
    axes = figure.add_subplot()
    share = np.ma.masked_equal(counts.T / max(counts.sum(), 1), 0)
    mesh = axes.pcolormesh(*edges, share, norm=LogNorm(1e-4, 1e-1), cmap="viridis")
    figure.colorbar(mesh, label="share of steps")
    axes.set(xlabel=f"observation {dimensions[0]}", ylabel=f"observation {dimensions[1]}")
    return as_picture(figure)
