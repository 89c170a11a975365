"""Every job of a multirun is a job of a SLURM cluster, by submitit."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore

from hydra_plugins.genzoo_processes.launcher import ProcessLauncher


@dataclass
class Settings:
    """See ``SlurmLauncher``."""

    _target_: str = "hydra_plugins.genzoo_slurm.launcher.SlurmLauncher"
    n_jobs: int = 100
    cluster: str = "slurm"
    gpus: int = 1
    cpus: int = 8
    memory_gb: int = 32
    minutes: int = 24 * 60
    grace: int = 120
    requeues: int = 20
    options: dict[str, Any] = field(default_factory=dict)


ConfigStore.instance().store(group="hydra/launcher", name="slurm", node=Settings, provider="genzoo")


class SlurmLauncher(ProcessLauncher):
    """Submits each job, on one machine of the cluster, and waits for all of them.

    A job that is preempted, or whose time is up, ends its round, writes its checkpoint and is queued again; there it
    goes on with its run.

    Args:
        n_jobs: so many in the queue at a time.
        cluster: slurm, or local: processes of this machine under the same rules, to try it.
        gpus: of a job; trainer=ddp uses them all.
        cpus: cores of a job.
        memory_gb: of a job.
        minutes: after which SLURM ends a job.
        grace: seconds before that end at which the job is told; a round and a checkpoint must fit in.
        requeues: so often a job whose time is up is queued again.
        options: further parameters, as submitit names them: {slurm_partition: gpu, slurm_account: lab}.
    """

    def __init__(
        self,
        n_jobs: int,
        cluster: str,
        gpus: int,
        cpus: int,
        memory_gb: int,
        minutes: int,
        grace: int,
        requeues: int,
        options: Mapping[str, Any],
    ):
        super().__init__(n_jobs)
        self.cluster, self.cpus, self.grace, self.requeues = cluster, cpus, grace, requeues
        self.parameters = {
            "name": "genzoo",
            "gpus_per_node": gpus,
            "cpus_per_task": cpus,
            "mem_gb": memory_gb,
            "timeout_min": minutes,
            "slurm_signal_delay_s": grace,
            **options,
        }

    def play(self, sweep: Any, jobs: Sequence[Any]) -> None:
        """Plays jobs of a sweep on the cluster.

        Raises:
            GenzooError: submitit or SLURM is missing, or a parameter is refused.
        """
        from genzoo.launch.slurm import Cluster

        cluster = Cluster(sweep.folder / "submitit", self.cluster, self.parameters, self.grace, self.requeues)
        threads = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": str(self.cpus)}
        sweep.play(jobs, self.command(), self.n_jobs, threads, cluster.submit)
