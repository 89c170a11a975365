"""Submits each job of a multirun to a SLURM cluster, through submitit."""

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
    """Submits each job, for one machine of the cluster, and waits for all of them.

    A job that is preempted or reaches its time limit finishes its round, writes its checkpoint and is queued again;
    it then resumes its run.

    Args:
        n_jobs: number of jobs that are queued or running at the same time.
        cluster: slurm, or local (processes on this machine under the same rules, to try it out).
        gpus: number of GPUs per job; trainer=ddp uses them all.
        cpus: number of cores per job.
        memory_gb: memory per job, in GB.
        minutes: time limit of a job.
        grace: seconds before the time limit at which the job gets a signal; one round and one checkpoint must fit in.
        requeues: number of times that a job which reached its time limit is queued again.
        options: further parameters, by submitit's names: {slurm_partition: gpu, slurm_account: lab}.
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

    def run_jobs(self, sweep: Any, jobs: Sequence[Any]) -> None:
        """Runs jobs of a sweep on the cluster.

        Raises:
            GenzooError: submitit or SLURM is missing, or submitit refuses a parameter.
        """
        from genzoo.launch.slurm import Cluster

        cluster = Cluster(sweep.folder / "submitit", self.cluster, self.parameters, self.grace, self.requeues)
        threads = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": str(self.cpus)}
        sweep.run(jobs, self.command(), self.n_jobs, threads, cluster.submit)
