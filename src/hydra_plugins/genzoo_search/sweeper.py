"""A hyper-parameter search with Optuna, whose trials are jobs of a sweep.

hydra-optuna-sweeper is not used: it needs an Optuna of 2022, whose storage fails with current versions of SQLAlchemy,
and it cannot prune.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


@dataclass
class Settings:
    """See ``SearchSweeper``."""

    _target_: str = "hydra_plugins.genzoo_search.sweeper.SearchSweeper"
    space: dict[str, Any] = field(default_factory=dict)
    trials: int = 20
    seed: int = 0
    startup: int = 5


ConfigStore.instance().store(group="hydra/sweeper", name="search", node=Settings, provider="genzoo")


class SearchSweeper(Sweeper):
    """Draws settings from Optuna, runs each as a job, and reports the last value that ``callbacks.search`` measured.

    The study is stored in the sweep's folder; the same command with ``hydra.sweep.dir=<that folder>`` continues it.

    Args:
        space: configuration key -> list of values, or {low, high} with ``log: true`` or ``step``.
        trials: number of trials, including pruned and failed ones.
        seed: seed of the sampler (TPE).
        startup: number of trials before the sampler uses earlier results and the pruner (median) ends trials.
    """

    def __init__(self, space: Mapping[str, Any], trials: int, seed: int, startup: int):
        self.space, self.trials, self.seed, self.startup = space, trials, seed, startup

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Called by Hydra."""
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Runs the missing trials and prints the best one.

        Args:
            arguments: overrides that all trials share.

        Raises:
            GenzooError: a setting is invalid, or the folder holds another search.
        """
        from genzoo.launch.search import Search

        folder = Path(self.config.hydra.sweep.dir)
        space = OmegaConf.to_container(OmegaConf.create(self.space), resolve=True)
        search = Search(folder, space, arguments, self.seed, self.startup)
        while batch := search.ask(min(self.launcher.n_jobs, self.trials - search.finished)):
            sweep, jobs = self.launcher.run_numbered({trial: self._overrides(search, trial) for trial in batch})
            for job in jobs:
                search.tell(job.number, sweep.report(job), job.state)
        print(search.summary(), flush=True)

    def _overrides(self, search: Any, trial: int) -> Sequence[str]:
        target = [f"callbacks.search.storage={search.path}", f"callbacks.search.trial={trial}"]
        return [*search.fixed, *(f"{key}={value}" for key, value in search.settings(trial).items()), *target]
