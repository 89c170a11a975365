"""Runs each job of a multirun as a separate process.

In one process, Lightning's DDP would start the *whole multirun* again for each further device; under a search, its
ranks would train with different settings; and a killed job would end all others.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class Settings:
    """See ``ProcessLauncher``."""

    _target_: str = "hydra_plugins.genzoo_processes.launcher.ProcessLauncher"
    n_jobs: int = 1


ConfigStore.instance().store(group="hydra/launcher", name="processes", node=Settings, provider="genzoo")


class ProcessLauncher(Launcher):
    """Starts each job as ``python <script> <its overrides>``.

    Args:
        n_jobs: number of jobs that run at the same time.
    """

    def __init__(self, n_jobs: int = 1):
        self.n_jobs = n_jobs

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Called by Hydra."""
        self.hydra_context, self.config = hydra_context, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Runs the jobs; the return value of each is its metrics.

        Raises:
            JobsFailed: a job failed or did not run.
        """
        from genzoo.launch.sweeps import JobsFailed

        sweep, jobs = self.run_numbered({initial_job_idx + i: given for i, given in enumerate(job_overrides)})
        if failed := [job for job in jobs if job.state != "done"]:
            raise JobsFailed(len(failed), len(jobs), sweep.folder)
        returns = [JobReturn(overrides=job.overrides, status=JobStatus.COMPLETED) for job in jobs]
        for result, job in zip(returns, jobs, strict=True):
            result.return_value = sweep.metrics(job)
        return returns

    def run_numbered(self, overrides: Mapping[int, Sequence[str]]) -> tuple[Any, Sequence[Any]]:
        """Runs jobs, given as number -> overrides; returns the sweep and its jobs, done or not.

        Raises:
            GenzooError: a setting is out of range, or the sweep's folder holds another sweep.
            HydraException: an override names a key or option that does not exist; no job is started.
        """
        from genzoo.core.checks import check_positive
        from genzoo.core.errors import GenzooError
        from genzoo.launch.sweeps import Sweep
        from genzoo.runs import torchrun

        # Check everything before the first job starts.
        if torchrun.started():
            raise GenzooError("-m: torchrun would start the whole sweep in each process; start it without torchrun.")
        check_positive("hydra.launcher.n_jobs", self.n_jobs)
        for given in overrides.values():
            self.hydra_context.config_loader.load_sweep_config(self.config, list(given))
        sweep = Sweep(Path(self.config.hydra.sweep.dir))
        jobs = [sweep.job(number, list(given)) for number, given in overrides.items()]
        self.run_jobs(sweep, jobs)
        return sweep, jobs

    def run_jobs(self, sweep: Any, jobs: Sequence[Any]) -> None:
        """Runs jobs of a sweep as processes on this machine."""
        from genzoo.launch.sweeps import shared_cores

        sweep.run(jobs, self.command(), self.n_jobs, shared_cores(self.n_jobs))

    def command(self) -> list[str]:
        """Returns the command line of a job without its overrides."""
        from hydra._internal.utils import get_args_parser

        options = get_args_parser().parse_args(sys.argv[1:])
        passed: list[Any] = []
        for name in ("config_path", "config_name", "config_dir"):
            if value := getattr(options, name):
                passed += [f"--{name.replace('_', '-')}", value]
        return [sys.executable, sys.argv[0], *passed]
