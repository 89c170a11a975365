"""Jobs of a SLURM cluster, by submitit."""

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
    """Where jobs are submitted.

    Args:
        folder: for submitit's own files.
        name: slurm, or local: processes of this machine under the same rules.
        parameters: of a job, as submitit names them.
        grace: seconds between the signal that a job's time is up and its end.
        requeues: so often such a job is queued again.

    Raises:
        GenzooError: submitit or SLURM is missing, or a parameter is refused.
    """

    def __init__(self, folder: Path, name: str, parameters: Mapping[str, Any], grace: float, requeues: int):
        if name not in ("slurm", "local"):
            raise GenzooError(f"hydra.launcher.cluster={name}: unknown. Accepted: slurm, local.")
        if grace <= 0:
            raise GenzooError(f"hydra.launcher.grace={grace}: a positive number of seconds is needed.")
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
                f"hydra.launcher.cluster={name}: there is no SLURM here ({error}); start this on a machine that can "
                "submit jobs, or try hydra.launcher.cluster=local."
            ) from error
        except (NameError, ValueError, AssertionError) as error:
            raise GenzooError(f"hydra.launcher: {str(error).splitlines()[0]}") from error

    def submit(self, task: Task) -> "Submitted":
        """Puts a job into the queue.

        Raises:
            GenzooError: SLURM does not take it.
        """
        from submitit.core.utils import FailedJobError

        try:
            return Submitted(self._executor.submit(OnNode(task, self.grace / 2)), task.log, self.name)
        except FailedJobError as error:
            raise GenzooError(
                f"hydra.launcher: SLURM refuses the job: {str(error).strip().splitlines()[-1]}"
            ) from error


class Submitted:
    """A job in the queue or running, as a ``Process``."""

    def __init__(self, job: Any, log: Path, cluster: str):
        self._job, self._log, self._cluster, self._terminated = job, log, cluster, False
        self._status: int | None = None

    def poll(self) -> int | None:
        """See ``Process``."""
        return self.wait() if self._job.done() else None

    def wait(self) -> int:
        """See ``Process``; why a job was lost is the last line of its log."""
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
    """What the cluster runs: the job's process, to its end.

    Args:
        task: of the job.
        patience: seconds that the process gets to finish its round and write its checkpoint.
    """

    def __init__(self, task: Task, patience: float):
        self.task, self.patience = task, patience

    def __call__(self) -> int:
        """Runs it; returns its exit status."""
        self.process = self.task.start()
        signal.signal(signal.SIGTERM, lambda *_: self.process.terminate())
        while self.process.poll() is None:  # wait() would hold a lock that checkpoint() needs
            time.sleep(0.1)
        return self.process.returncode

    def checkpoint(self) -> Any:
        """Called by submitit when the job is preempted or its time is up: what to queue again."""
        from submitit.helpers import DelayedSubmission

        self.process.terminate()
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:  # it is measuring: its checkpoint is written
            self.process.kill()
        return DelayedSubmission(OnNode(self.task, self.patience))
