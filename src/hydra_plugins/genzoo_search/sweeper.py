"""A search for settings by Optuna, whose trials are jobs of a sweep.

hydra-optuna-sweeper needs an Optuna of 2022, whose storage and SQLAlchemy of today do not go together, and it cannot
prune.
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
    """Asks Optuna for settings, plays each as a job, and tells it the last value that ``callbacks.search`` measured.

    The study lies in the sweep's folder; the same command with ``hydra.sweep.dir=<that folder>`` goes on with it.

    Args:
        space: key of the configuration -> list of values, or {low, high} with ``log: true`` or ``step``.
        trials: how many, pruned and failed ones included.
        seed: of the sampler (TPE).
        startup: so many trials before the sampler learns and the pruner (median) prunes.
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
        """Plays what is missing of the trials and prints the best.

        Args:
            arguments: overrides that all trials share.

        Raises:
            GenzooError: a setting is wrong, or the folder holds another search.
        """
        from genzoo.launch.search import Search

        folder = Path(self.config.hydra.sweep.dir)
        space = OmegaConf.to_container(OmegaConf.create(self.space), resolve=True)
        search = Search(folder, space, arguments, self.seed, self.startup)
        while batch := search.ask(min(self.launcher.n_jobs, self.trials - search.finished)):
            sweep, jobs = self.launcher.play_numbered({trial: self._overrides(search, trial) for trial in batch})
            for job in jobs:
                search.tell(job.number, sweep.report(job), job.state)
        print(search.summary(), flush=True)

    def _overrides(self, search: Any, trial: int) -> Sequence[str]:
        told = [f"callbacks.search.storage={search.path}", f"callbacks.search.trial={trial}"]
        return [*search.fixed, *(f"{key}={value}" for key, value in search.settings(trial).items()), *told]
