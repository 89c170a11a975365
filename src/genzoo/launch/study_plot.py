"""The plot of a search: the value of each trial over time, and over each setting."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from genzoo.core.figures import as_picture


def study_picture(trials: Sequence[Any], space: dict[str, Any]) -> Image.Image:
    """Draws the finished trials of a search that minimises a value.

    Args:
        trials: Optuna's completed trials: ``number``, ``value`` and ``params``.
        space: configuration key -> its range, as in ``hydra.sweeper.space``.
    """
    figure = Figure(figsize=(4 * (1 + len(space)), 3.5), layout="constrained")
    history, *panels = figure.subplots(1, 1 + len(space), sharey=True, squeeze=False)[0]
    numbers, values = [trial.number for trial in trials], [trial.value for trial in trials]
    history.plot(numbers, values, "o")
    history.step(numbers, np.minimum.accumulate(values), where="post", label="best so far")
    history.set(xlabel="trial", ylabel="value (lower is better)")
    history.xaxis.set_major_locator(MaxNLocator(integer=True))
    history.legend()
    for axes, (key, given) in zip(panels, space.items(), strict=True):
        chosen = [trial.params[key] for trial in trials]
        axes.plot([str(one) for one in chosen] if isinstance(given, list) else chosen, values, "o")
        axes.set(xlabel=key)
        if isinstance(given, dict) and given.get("log"):
            axes.set_xscale("log")
    return as_picture(figure)
