"""An animation of the training."""

from pathlib import Path

import pytorch_lightning as pl

from genzoo.core.files import plain_name
from genzoo.core.pictures import save_animation
from genzoo.core.registry import register


@register
class Animation(pl.Callback):
    """At the end, writes all pictures of one name as the animation ``samples/<name>.gif``.

    The frames are read from disk, so an interrupted and resumed run gives one animation.

    Args:
        name: name of the pictures, e.g. ``grid`` (always from the same latent codes).
    """

    def __init__(self, name: str = "grid"):
        self.name = plain_name("callbacks.animation.name", name)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Runs after the callbacks that draw pictures, which precede it in the configuration."""
        folder = Path(trainer.default_root_dir) / "samples"
        frames = sorted(folder.glob(f"{self.name}-*.png"))
        if trainer.is_global_zero and frames:
            path = folder / f"{self.name}.gif"
            save_animation(frames, path)
            for logger in trainer.loggers:
                logger.log_picture(self.name, path, step=module.progress.seen)
