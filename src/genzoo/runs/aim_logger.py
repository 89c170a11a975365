"""An Aim logger, which continues one Aim run when a run is resumed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only

from genzoo.core.registry import register_logger
from genzoo.runs.first_rank import on_first_rank
from genzoo.runs.stored_id import StoredId


@register_logger
@on_first_rank
def aim_logger(
    save_dir: str, experiment: str = "genzoo", run_name: str | None = None, repo: str | None = None
) -> Logger:
    """Returns the Aim logger of a run folder.

    The run's hash is stored in the folder, so that a resumed run continues the same Aim run; a value that is logged
    again replaces the earlier one of its step.

    Args:
        save_dir: the run folder.
        experiment: Aim's experiment, a group of runs.
        run_name: name of the Aim run.
        repo: folder of Aim's store, or a server; None = ``.aim`` beside the folders of the models, which is
            ``paths.runs``.
    """
    from aim import Image  # a heavy and optional library
    from aim.pytorch_lightning import AimLogger

    class AimPictures(AimLogger):
        """Aim's logger for Lightning, with pictures."""

        @rank_zero_only
        def log_image(self, key: str, images: Sequence[Any], step: int | None = None) -> None:
            for image in images:
                self.experiment.track(Image(str(image)), name=key, step=step)

        log_video = log_image  # Aim shows an animated picture as one

    stored = StoredId(Path(save_dir) / "aim" / "hash")
    logger = AimPictures(
        repo=repo or str(Path(save_dir).resolve().parents[1]),
        experiment=experiment,
        run_name=run_name,
        run_hash=stored.read(),
        capture_terminal_logs=False,  # run.log has them
        log_system_params=False,  # environment variables, which may be secret
        system_tracking_interval=None,  # its axis would be time
    )
    stored.write(logger.version)  # the first access starts the run
    return logger
