"""Hyper-parameter search: an Optuna study in a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genzoo.callbacks.study import open_study
from genzoo.core.errors import GenzooError
from genzoo.core.pictures import save_picture
from genzoo.launch.study_plot import study_picture


class Search:
    """An Optuna study that trials are drawn from (``ask``) and reported to (``tell``).

    The study is stored in ``study.journal`` in the folder after each call, so a killed search loses nothing.

    Args:
        folder: the sweep's folder.
        space: configuration key -> list of values, or {low, high} with ``log`` or ``step``.
        fixed: overrides that all trials share.
        seed: seed of the sampler (TPE).
        startup: number of trials before the sampler uses earlier results and the pruner ends trials.

    Raises:
        GenzooError: the space is invalid, Optuna is missing, or the folder holds another search.
    """

    def __init__(self, folder: Path, space: Mapping[str, Any], fixed: Sequence[str], seed: int, startup: int):
        self.path, self.space, self.fixed, self.seed = folder / "study.journal", dict(space), list(fixed), seed
        if not space:
            raise GenzooError("hydra.sweeper.space: empty; name the keys to search and their ranges.")
        self._distributions = {key: _distribution(key, given) for key, given in space.items()}
        folder.mkdir(parents=True, exist_ok=True)
        self.study = open_study(self.path, seed, startup)
        description = {"space": {key: str(value) for key, value in self.space.items()}, "fixed": self.fixed}
        # A folder continues only the search it was created for: the same space and the same fixed overrides.
        for name, value in description.items():
            if self.study.user_attrs.setdefault(name, value) != value:
                raise GenzooError(
                    f"hydra.sweep.dir={folder}: the search there has {name} {self.study.user_attrs[name]}, here it is "
                    f"{value}; give the same command, or choose another folder."
                )
            self.study.set_user_attr(name, value)
        self.study.set_user_attr("startup", startup)

    @property
    def finished(self) -> int:
        """Number of trials that have ended: completed, pruned or failed."""
        return sum(trial.state.is_finished() for trial in self.study.get_trials(deepcopy=False))

    def ask(self, n: int) -> list[int]:
        """Returns the numbers of up to n trials to run: trials that were left unfinished first, then new ones."""
        if n < 1:
            return []
        unfinished = [t.number for t in self.study.get_trials(deepcopy=False) if not t.state.is_finished()][:n]
        return unfinished + [self.study.ask(self._distributions).number for _ in range(n - len(unfinished))]

    def settings(self, trial: int) -> dict[str, Any]:
        """Returns configuration key -> value of a trial.

        Raises:
            GenzooError: the stored trial has keys or ranges outside of ``space``; they must not become overrides of a
                command.
        """
        found = self.study.trials[trial]
        if found.distributions != self._distributions:
            raise GenzooError(
                f"hydra.sweep.dir={self.path.parent}: trial {trial} of the search there has settings outside of "
                "hydra.sweeper.space; choose another folder."
            )
        return found.params

    def tell(self, trial: int, report: Mapping[str, Any], state: str) -> None:
        """Reports the end of a trial to Optuna.

        Args:
            trial: its number.
            report: the run's ``metrics.json``; empty if there is none.
            state: state of the job; the trial of an interrupted job stays open.
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
        """Returns one line about the best trial; draws ``study.png`` of all that have finished."""
        from optuna.trial import TrialState

        done = [t for t in self.study.trials if t.state == TrialState.COMPLETE]
        if not done:
            return f"no trial has finished; see {self.path.parent}"
        save_picture(study_picture(done, self.space), self.path.with_suffix(".png"))
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
            f"hydra.sweeper.space.{key}={given}: expected a list of values, or low and high with log: true or step "
            f"({error})."
        ) from error
