"""A Comet logger that works without an account, and continues one Comet experiment when a run is resumed."""

import logging
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import CometLogger
from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only

from genzoo.core.registry import register_logger
from genzoo.runs.first_rank import on_first_rank
from genzoo.runs.stored_id import StoredId

log = logging.getLogger("genzoo")
ENVIRONMENT = {"COMET_LOGGING_CONSOLE": "ERROR", "COMET_DISABLE_AUTO_LOGGING": "1"}


@register_logger
@on_first_rank
def comet_logger(
    save_dir: str,
    project: str = "genzoo",
    name: str | None = None,
    online: bool | None = None,
    workspace: str | None = None,
    **options: Any,
) -> Logger:
    """Returns the Comet logger of a run folder.

    The experiment's key is stored in the folder, so that a resumed run continues the same experiment.

    Args:
        save_dir: the run folder; offline, ``comet/`` holds one archive per start for ``comet upload``.
        project: project of the experiment.
        name: name of the experiment.
        online: True = online; False = offline; None = online if there is an API key.
        workspace: workspace of the project; None = the account's default.
        options: further arguments of Comet's ``ExperimentConfig``: tags, log_code ...
    """
    for variable, value in ENVIRONMENT.items():
        os.environ.setdefault(variable, value)
    import comet_ml

    folder = Path(save_dir) / "comet"
    folder.mkdir(exist_ok=True)
    stored = StoredId(folder / "id")
    offline_mode = "get" if stored.read() else "create"
    key = stored.read() or stored.write(secrets.token_hex(16))
    common = {"project": project, "workspace": workspace, "experiment_key": key, "name": name, **options}
    if online is None:
        online = bool(comet_ml.get_api_key(None, comet_ml.get_config()))
    if online:
        try:
            return OfflineCometLogger(mode="get_or_create", online=True, offline_directory=str(folder), **common)
        except Exception as error:  # from the network or the account
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            log.warning(f"Comet cannot be reached ({reason}); logging offline, `comet upload` uploads later")
    return OfflineCometLogger(mode=offline_mode, online=False, offline_directory=str(folder), **common)


class OfflineCometLogger(CometLogger):
    """Lightning's Comet logger with offline experiments, which Lightning disables if it is told, and with pictures.

    Args:
        online: whether the experiment is sent to the server.
        options: further arguments of Lightning's logger.
    """

    def __init__(self, online: bool, **options: Any):
        self._chosen = online
        super().__init__(online=None, **options)

    def _create_experiment(self) -> None:
        self._online = self._chosen
        super()._create_experiment()

    @rank_zero_only
    def log_image(self, key: str, images: Sequence[Any], step: int | None = None) -> None:
        """Logs pictures.

        Args:
            key: name of the pictures.
            images: paths of files.
            step: images seen.
        """
        for image in images:
            self.experiment.log_image(str(image), name=key, step=step)

    @rank_zero_only
    def log_video(self, key: str, videos: Sequence[Any], step: int | None = None) -> None:
        """Logs films; the arguments are those of ``log_image``."""
        for video in videos:
            self.experiment.log_video(str(video), name=key, step=step)


def close_comet() -> None:
    """Ends the current Comet experiment, if any, so that the next run of this process starts a new one."""
    if comet_ml := sys.modules.get("comet_ml"):
        try:
            comet_ml.end()
        except Exception as error:  # the run itself has ended; nothing of it may be lost
            log.warning(f"Comet could not end its experiment ({error})")
