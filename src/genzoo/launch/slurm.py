"""Jobs on a SLURM cluster, submitted by submitit."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genzoo.core.errors import GenzooError
from genzoo.launch.jobs import Task


class Cluster:
    """A cluster to which jobs are submitted.

    Args:
        folder: folder for submitit's own files.
        name: slurm, or local (processes on this machine under the same rules).
        parameters: parameters of a job, by submitit's names.
        grace: seconds between the signal that warns a job of its time limit and the limit.
        requeues: number of times that a job which reached its time limit is queued again.

    Raises:
        GenzooError: submitit or SLURM is missing, or submitit refuses a parameter.
    """

    def __init__(self, folder: Path, name: str, parameters: Mapping[str, Any], grace: float, requeues: int):
        if name not in ("slurm", "local"):
            raise GenzooError(f"hydra.launcher.cluster={name}: unknown. Accepted: slurm, local.")
        if grace <= 0:
            raise GenzooError(f"hydra.launcher.grace={grace}: expected a positive number of seconds.")
        try:
            import submitit
        except ImportError as error:
            raise GenzooError("hydra/launcher=slurm needs submitit; pip install 'genzoo[sweeps]'.") from error
        self.name, self.grace = name, grace
        try:
            self._executor = submitit.AutoExecutor(folder, cluster=name, **{f"{name}_max_num_timeout": requeues})
            self._executor.update_parameters(**parameters)
        except RuntimeError as error:
            raise GenzooError(
                f"hydra.launcher.cluster={name}: this machine has no SLURM ({error}); start this on a machine that can "
                "submit jobs, or try hydra.launcher.cluster=local."
            ) from error
        except (NameError, ValueError, AssertionError) as error:
            raise GenzooError(f"hydra.launcher: {str(error).splitlines()[0]}") from error

    def submit(self, task: Task) -> "Submitted":
        """Submits a job to the queue.

        Raises:
            GenzooError: SLURM refuses the job.
        """
        from submitit.core.utils import FailedJobError

        try:
            return Submitted(self._executor.submit(OnNode(task, self.grace / 2)), task.log, self.name)
        except FailedJobError as error:
            raise GenzooError(
                f"hydra.launcher: SLURM refuses the job: {str(error).strip().splitlines()[-1]}"
            ) from error


class Submitted:
    """A queued or running job, as a ``Process``."""

    def __init__(self, job: Any, log: Path, cluster: str):
        self._job, self._log, self._cluster, self._terminated = job, log, cluster, False
        self._status: int | None = None

    def poll(self) -> int | None:
        """See ``Process``."""
        return self.wait() if self._job.done() else None

    def wait(self) -> int:
        """See ``Process``; the reason why a job was lost is appended to its log."""
        if self._status is None:
            self._status = self._result()
        return self._status

    def _result(self) -> int:
        from submitit.core.utils import FailedJobError, UncompletedJobError

        try:
            return self._job.result()
        except (FailedJobError, UncompletedJobError) as error:
            if self._terminated:
                return 130
            with open(self._log, "a") as log:
                log.write(" ".join(str(error).split()[:40]) + "\n")
            return 1

    def terminate(self) -> None:
        """See ``Process``."""
        self._terminated = True
        if self._cluster == "local":  # submitit's own cancel() kills after a second
            os.kill(int(self._job.job_id), signal.SIGTERM)
        else:
            self._job.cancel()

    kill = terminate


class OnNode:
    """The callable that the cluster runs: starts the job's process on the node and waits for its end.

    Args:
        task: command of the job.
        patience: seconds after SIGTERM within which the process has to finish its round and write its checkpoint.
    """

    def __init__(self, task: Task, patience: float):
        self.task, self.patience = task, patience

    def __call__(self) -> int:
        """Runs the process and returns its exit status."""
        self.process = self.task.start()
        signal.signal(signal.SIGTERM, lambda *_: self.process.terminate())
        while self.process.poll() is None:  # wait() would hold a lock that checkpoint() needs
            time.sleep(0.1)
        return self.process.returncode

    def checkpoint(self) -> Any:
        """Called by submitit when the job is preempted or reaches its time limit; returns the job to queue again."""
        from submitit.helpers import DelayedSubmission

        self.process.terminate()
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:  # it computes metrics, so its checkpoint is already written
            self.process.kill()
        return DelayedSubmission(OnNode(self.task, self.patience))
