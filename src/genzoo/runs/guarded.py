"""Loggers whose failures do not end a run."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.loggers.logger import Logger

from genzoo.runs.build import build

log = logging.getLogger("genzoo")


@runtime_checkable
class TakesMedia(Protocol):
    """A logger that accepts pictures and films as files, such as W&B's."""

    def log_image(self, key: str, images: list[Any], step: int | None = None) -> None:
        """Logs pictures."""

    def log_video(self, key: str, videos: list[Any], step: int | None = None) -> None:
        """Logs films."""


class Guarded(Logger):
    """A wrapper of a logger: the first failure is logged as a warning and disables the logger; the run continues.

    Args:
        key: configuration key of the logger, for the warning.
        logger: any Lightning logger.
    """

    def __init__(self, key: str, logger: Logger):
        super().__init__()
        self.key, self.logger = key, logger
        self.failed = False

    def _try(self, action: Callable[..., Any], *args: Any, **options: Any) -> None:
        if self.failed:
            return
        try:
            action(*args, **options)
        except Exception as error:  # services, libraries and disks raise any type of error
            self.failed = True
            reason = (str(error).strip().splitlines() or [""])[0]
            log.warning(
                f"{self.key} failed ({type(error).__name__}: {reason}) and is disabled; training and the other loggers "
                "continue"
            )

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """See Lightning's ``Logger``; likewise for the methods below."""
        self._try(self.logger.log_metrics, metrics, step)

    def log_hyperparams(self, params: Any, *args: Any, **options: Any) -> None:
        """Guarded."""
        self._try(self.logger.log_hyperparams, params, *args, **options)

    def log_graph(self, *args: Any, **options: Any) -> None:
        """Guarded."""
        self._try(self.logger.log_graph, *args, **options)

    def log_picture(self, name: str, path: Path, step: int) -> None:
        """Logs a picture as ``samples/<name>``, or a film as ``films/<name>``, if the logger supports it.

        Args:
            name: name of the picture.
            path: path of the file, PNG or GIF.
            step: images seen (or the model's other unit of progress).
        """
        self._try(_log_picture, self.logger, name, path, step)

    def after_save_checkpoint(self, *args: Any) -> None:
        """Guarded."""
        self._try(self.logger.after_save_checkpoint, *args)

    def save(self) -> None:
        """Guarded."""
        self._try(self.logger.save)

    def finalize(self, status: str) -> None:
        """Guarded."""
        self._try(self.logger.finalize, status)

    @property
    def name(self) -> str | None:
        """See the wrapped logger."""
        return self.logger.name

    @property
    def version(self) -> int | str | None:
        """See the wrapped logger."""
        return self.logger.version

    @property
    def experiment(self) -> Any:
        """See the wrapped logger; for callbacks that use it directly, without protection."""
        return self.logger.experiment


def _log_picture(logger: Logger, name: str, path: Path, step: int) -> None:
    film = path.suffix == ".gif"
    if isinstance(logger, TakesMedia):
        if film:
            logger.log_video(f"films/{name}", [str(path)], step=step)
        else:
            logger.log_image(f"samples/{name}", [str(path)], step=step)
    elif isinstance(logger, TensorBoardLogger) and not film:
        sheet = np.atleast_3d(Image.open(path))
        logger.experiment.add_image(f"samples/{name}", sheet, step, dataformats="HWC")


def build_loggers(config: Mapping[str, Any], folder: Path) -> list[Guarded]:
    """Builds the loggers of a resolved configuration.

    Args:
        config: name -> logger (None = left out).
        folder: the run folder.

    Raises:
        GenzooError: a logger cannot be built.
    """
    loggers = ((f"logger.{name}", one) for name, one in config.items() if one)
    return [Guarded(key, build(one, key, Logger, save_dir=str(folder))) for key, one in loggers]
