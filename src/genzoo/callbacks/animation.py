"""Training as a film."""

from pathlib import Path

import pytorch_lightning as pl

from genzoo.core.files import plain_name
from genzoo.core.pictures import save_animation
from genzoo.core.registry import register


@register
class Animation(pl.Callback):
    """At the end, shows one kind of picture over time as ``samples/<name>.gif``.

    The frames are the pictures on disk, so an interrupted and resumed run gives one film.

    Args:
        name: of the pictures, e.g. ``grid`` (always from the same latent codes).
    """

    def __init__(self, name: str = "grid"):
        self.name = plain_name("callbacks.animation.name", name)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Runs after the callbacks that draw, which precede it in the configuration."""
        folder = Path(trainer.default_root_dir) / "samples"
        frames = sorted(folder.glob(f"{self.name}-*.png"))
        if trainer.is_global_zero and frames:
            path = folder / f"{self.name}.gif"
            save_animation(frames, path)
            for logger in trainer.loggers:
                logger.log_picture(self.name, path, step=module.progress.seen)
