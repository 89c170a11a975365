"""An MLflow logger that works without a server, and continues one MLflow run when a run is resumed."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock
from pytorch_lightning.loggers import MLFlowLogger
from pytorch_lightning.loggers.logger import Logger, rank_zero_experiment
from pytorch_lightning.utilities import rank_zero_only

from genzoo.core.registry import register_logger
from genzoo.runs.first_rank import on_first_rank
from genzoo.runs.stored_id import StoredId

# No reports to MLflow's authors, no hints on the console, and a lost server is given up within a minute.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}


@register_logger
@on_first_rank
def mlflow_logger(
    save_dir: str,
    experiment_name: str = "genzoo",
    run_name: str | None = None,
    tracking_uri: str | None = None,
    tags: dict[str, Any] | None = None,
) -> Logger:
    """Returns the MLflow logger of a run folder.

    Args:
        save_dir: the run folder.
        experiment_name: MLflow's experiment, a group of runs.
        run_name: name of the MLflow run.
        tracking_uri: server or store; None = the variable MLFLOW_TRACKING_URI, else ``mlflow/mlflow.db`` beside the
            folders of the models, which is ``paths.runs`` (MLflow no longer develops its file store).
        tags: tags of the MLflow run.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    stored = StoredId(Path(save_dir) / "mlflow" / "id")
    names = {"experiment_name": experiment_name, "run_name": run_name, "tags": tags}
    if uri := tracking_uri or os.environ.get("MLFLOW_TRACKING_URI"):
        return ContinuedMLFlowLogger(stored, tracking_uri=uri, **names)
    store = Path(save_dir).resolve().parents[1] / "mlflow"
    store.mkdir(parents=True, exist_ok=True)
    with FileLock(store / "lock"):  # the first runs of a sweep would create the tables at the same time
        logger = ContinuedMLFlowLogger(
            stored,
            tracking_uri=f"sqlite:///{store}/mlflow.db",
            artifact_location=(store / "artifacts").as_uri(),
            **names,
        )
        _ = logger.experiment
    return logger


class ContinuedMLFlowLogger(MLFlowLogger):
    """Lightning's MLflow logger, which continues the MLflow run of a resumed run and logs no value twice.

    MLflow cannot remove values from a run. A resumed run replays the rounds after its checkpoint, so values of steps
    that are already logged are skipped.

    Args:
        stored: file with the id of the MLflow run.
        options: arguments of Lightning's logger.
    """

    def __init__(self, stored: StoredId, **options: Any):
        super().__init__(**options)
        self.stored = stored
        self._last: dict[str, int] | None = None  # in a continued run: metric -> last step of earlier starts

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """MLflow's client; the first access starts the MLflow run, or continues the stored one."""
        if not self._initialized:
            self._run_id = self._existing(self.stored.read())
            client = self._start()
            if self._run_id == self.stored.read():
                self._last = {}
                client.update_run(self._run_id, status="RUNNING")
            else:
                self.stored.write(self._run_id)
        return self._mlflow_client

    def _start(self) -> Any:
        """Starts the MLflow run, in the experiment of this name, which is created if it does not exist."""
        from mlflow.exceptions import MlflowException

        try:
            return super().experiment
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return super().experiment  # another run has created the experiment in between

    def _existing(self, run_id: str | None) -> str | None:
        """Returns the id if the store has this run, else None."""
        from mlflow.exceptions import MlflowException

        try:
            return self._mlflow_client.get_run(run_id).info.run_id if run_id else None
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    @rank_zero_only
    def log_hyperparams(self, params: Any) -> None:
        """Logs the configuration, once: MLflow refuses to change it."""
        if self.experiment and self._last is None:
            super().log_hyperparams(params)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Logs the values of steps that are not yet logged."""
        new = {name: value for name, value in metrics.items() if (step or 0) > self._last_step(name)}
        if new:
            super().log_metrics(new, step)

    def _last_step(self, name: str) -> int:
        """Returns the last step that an earlier start of the run has logged of a metric; -1 = none."""
        if self.experiment and self._last is None:
            return -1
        if name not in self._last:
            history = self.experiment.get_metric_history(self.run_id, name)
            self._last[name] = max((entry.step for entry in history), default=-1)
        return self._last[name]

    @rank_zero_only
    def log_image(self, key: str, images: Sequence[Any], step: int | None = None) -> None:
        """Copies pictures to the artifacts of the run, under their own names, which contain the round.

        Args:
            key: folder and name, ``samples/<name>``; only the folder is used.
            images: paths of files.
            step: not used.
        """
        for image in images:
            self.experiment.log_artifact(self.run_id, str(image), str(Path(key).parent))

    log_video = log_image  # a film is also a file
