"""A study of settings on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genzoo.callbacks.study import open_study
from genzoo.core.errors import GenzooError


class Search:
    """What is asked of Optuna and told it; ``study.journal`` in the folder survives any end.

    Args:
        folder: of the sweep.
        space: key of the configuration -> list of values, or {low, high} with ``log`` or ``step``.
        fixed: overrides that all trials share.
        seed: of the sampler.
        startup: so many trials before the sampler learns and the pruner prunes.

    Raises:
        GenzooError: the space is wrong, Optuna is missing, or the folder holds another search.
    """

    def __init__(self, folder: Path, space: Mapping[str, Any], fixed: Sequence[str], seed: int, startup: int):
        self.path, self.space, self.fixed, self.seed = folder / "study.journal", dict(space), list(fixed), seed
        if not space:
            raise GenzooError("hydra.sweeper.space: empty; name the keys to search and their ranges.")
        self._distributions = {key: _distribution(key, given) for key, given in space.items()}
        folder.mkdir(parents=True, exist_ok=True)
        self.study = open_study(self.path, seed, startup)
        about = {"space": {key: str(value) for key, value in self.space.items()}, "fixed": self.fixed}
        for name, value in about.items():
            if self.study.user_attrs.setdefault(name, value) != value:
                raise GenzooError(
                    f"hydra.sweep.dir={folder}: the search there has {name} {self.study.user_attrs[name]}, here it is "
                    f"{value}; give the same command, or choose another folder."
                )
            self.study.set_user_attr(name, value)
        self.study.set_user_attr("startup", startup)

    @property
    def finished(self) -> int:
        """Number of trials that have ended, however."""
        return sum(trial.state.is_finished() for trial in self.study.get_trials(deepcopy=False))

    def ask(self, n: int) -> list[int]:
        """Numbers of up to n trials to play: those that an earlier start left unfinished, then new ones."""
        if n < 1:
            return []
        left = [t.number for t in self.study.get_trials(deepcopy=False) if not t.state.is_finished()][:n]
        return left + [self.study.ask(self._distributions).number for _ in range(n - len(left))]

    def settings(self, trial: int) -> dict[str, Any]:
        """Key -> value of a trial.

        Raises:
            GenzooError: the study has others than the space, which would become overrides of the trial's command.
        """
        found = self.study.trials[trial]
        if found.distributions != self._distributions:
            raise GenzooError(
                f"hydra.sweep.dir={self.path.parent}: trial {trial} of the search there has settings outside of "
                "hydra.sweeper.space; choose another folder."
            )
        return found.params

    def tell(self, trial: int, report: Mapping[str, Any], state: str) -> None:
        """Ends a trial.

        Args:
            trial: its number.
            report: the run's ``metrics.json``; empty if there is none.
            state: of the job; an interrupted one stays open.
        """
        from optuna.trial import TrialState

        values = self.study.trials[trial].intermediate_values
        if state == "interrupted":
            return
        if state != "done" or not values:
            self.study.tell(trial, state=TrialState.FAIL)
        elif report.get("state") != "finished":
            self.study.tell(trial, state=TrialState.PRUNED)
        else:
            self.study.tell(trial, values[max(values)])

    def summary(self) -> str:
        """The best trial in one line."""
        from optuna.trial import TrialState

        done = [t for t in self.study.trials if t.state == TrialState.COMPLETE]
        if not done:
            return f"no trial came to its end; see {self.path.parent}"
        best = min(done, key=lambda trial: trial.value)
        pruned = sum(t.state == TrialState.PRUNED for t in self.study.trials)
        failed = sum(t.state == TrialState.FAIL for t in self.study.trials)
        settings = " ".join(f"{key}={value}" for key, value in best.params.items())
        return (
            f"best of {len(done)} finished trials ({pruned} pruned, {failed} failed): trial {best.number}, "
            f"{best.value:.4g}: {settings}"
        )


def _distribution(key: str, given: Any) -> Any:
    try:
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
    except ImportError as error:
        raise GenzooError("a search needs Optuna; pip install 'genzoo[sweeps]'.") from error
    try:
        if isinstance(given, list):
            return CategoricalDistribution(given)
        whole = isinstance(given["low"], int) and isinstance(given["high"], int)
        return (IntDistribution if whole else FloatDistribution)(**given)
    except (ValueError, TypeError, KeyError) as error:
        raise GenzooError(
            f"hydra.sweeper.space.{key}={given}: a list of values, or low and high with log: true or step, is needed "
            f"({error})."
        ) from error
