"""Every job of a multirun is a process of its own.

Within one process Lightning's DDP starts the *whole multirun* again for each further device, and under a search its
ranks train with different settings; and a job that is killed takes the others with it.
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
    """``n_jobs``: so many at a time."""

    _target_: str = "hydra_plugins.genzoo_processes.launcher.ProcessLauncher"
    n_jobs: int = 1


ConfigStore.instance().store(group="hydra/launcher", name="processes", node=Settings, provider="genzoo")


class ProcessLauncher(Launcher):
    """Starts each job as ``python <script> <its overrides>``.

    Args:
        n_jobs: so many at a time.
    """

    def __init__(self, n_jobs: int = 1):
        self.n_jobs = n_jobs

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Called by Hydra."""
        self.hydra_context, self.config = hydra_context, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Plays the jobs; what they return is their metrics.

        Raises:
            JobsFailed: not all were done.
        """
        from genzoo.launch.sweeps import JobsFailed

        sweep, jobs = self.play_numbered({initial_job_idx + i: given for i, given in enumerate(job_overrides)})
        if failed := [job for job in jobs if job.state != "done"]:
            raise JobsFailed(len(failed), len(jobs), sweep.folder)
        returns = [JobReturn(overrides=job.overrides, status=JobStatus.COMPLETED) for job in jobs]
        for result, job in zip(returns, jobs, strict=True):
            result.return_value = sweep.metrics(job)
        return returns

    def play_numbered(self, overrides: Mapping[int, Sequence[str]]) -> tuple[Any, Sequence[Any]]:
        """Plays the jobs, number -> overrides: the sweep and its jobs, done or not.

        Raises:
            GenzooError: a setting is out of range, or the sweep's folder holds another sweep.
            HydraException: a job names what does not exist; then none is started.
        """
        from genzoo.core.checks import check_positive
        from genzoo.core.errors import GenzooError
        from genzoo.launch.sweeps import Sweep
        from genzoo.runs import torchrun

        if torchrun.started():
            raise GenzooError("-m: torchrun would start the whole sweep in each process; start one without torchrun.")

        check_positive("hydra.launcher.n_jobs", self.n_jobs)
        for given in overrides.values():
            self.hydra_context.config_loader.load_sweep_config(self.config, list(given))
        sweep = Sweep(Path(self.config.hydra.sweep.dir))
        jobs = [sweep.job(number, list(given)) for number, given in overrides.items()]
        self.play(sweep, jobs)
        return sweep, jobs

    def play(self, sweep: Any, jobs: Sequence[Any]) -> None:
        """Plays jobs of a sweep as processes of this machine."""
        from genzoo.launch.sweeps import shared_cores

        sweep.play(jobs, self.command(), self.n_jobs, shared_cores(self.n_jobs))

    def command(self) -> list[str]:
        """The command line of a job without its overrides."""
        from hydra._internal.utils import get_args_parser

        options = get_args_parser().parse_args(sys.argv[1:])
        passed: list[Any] = []
        for name in ("config_path", "config_name", "config_dir"):
            if value := getattr(options, name):
                passed += [f"--{name.replace('_', '-')}", value]
        return [sys.executable, sys.argv[0], *passed]
