"""A picture of a run's learning curve."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from genzoo.callbacks.every import EveryRounds
from genzoo.callbacks.losses import Losses
from genzoo.core.errors import GenzooError
from genzoo.core.files import plain_name
from genzoo.core.pictures import save_picture
from genzoo.core.registry import register


@register
class Curve(EveryRounds):
    """At the end, draws a logged value against progress: ``samples/<name>.png``; nothing if it was never logged.

    Points are stored in checkpoints, so that the curve of a resumed run is complete.

    Args:
        name: name of the value, as the module logs it.
        times, every: intervals of the points, which are the values last read by ``Losses``; see ``EveryRounds``.
    """

    def __init__(self, name: str = "return", times: int | None = 200, every: int | None = None):
        super().__init__(times, every)
        self.name = plain_name("callbacks.curve.name", name)
        self.points: list[tuple[int, float]] = []  # progress in the module's unit, value

    def state_dict(self) -> dict[str, Any]:
        """Returns the points."""
        return {"points": list(self.points)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the points.

        Raises:
            GenzooError: they are not pairs of numbers.
        """
        points = state.get("points")
        if not isinstance(points, list) or not all(map(_is_point, points)):
            raise GenzooError("callbacks.Curve.points: the checkpoint's are not pairs of numbers; give another.")
        self.points = [tuple(point) for point in points]

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Adds a point; runs after ``Losses``, which precedes it in the configuration."""
        for callback in trainer.callbacks:
            if isinstance(callback, Losses) and self.name in callback.latest:
                self.points.append((module.progress.seen, callback.latest[self.name]))

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Draws."""
        super().on_train_end(trainer, module)
        if not (trainer.is_global_zero and self.points):
            return
        from matplotlib.figure import Figure  # here, as it takes its time

        from genzoo.core.figures import as_picture

        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.subplots()
        axes.plot(*zip(*self.points, strict=True), marker="." if len(self.points) < 50 else None)
        axes.set_xlabel(module.unit)
        axes.set_ylabel(self.name)
        axes.grid(alpha=0.3)
        path = Path(trainer.default_root_dir) / "samples" / f"{self.name}.png"
        save_picture(as_picture(figure, dots=100), path)
        for logger in trainer.loggers:
            logger.log_picture(self.name, path, step=module.progress.seen)


def _is_point(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(x, int | float) for x in value)
