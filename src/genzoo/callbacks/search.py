"""Reports intermediate values of a trial to its hyper-parameter search."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from genzoo.callbacks.best import Best
from genzoo.callbacks.study import open_study
from genzoo.core.registry import register
from genzoo.metrics.evaluation import Metric


@register
class Search(Best):
    """Reports each value that ``Best`` measures to the search, and ends the run if the search prunes the trial.

    Args:
        metric, times, every: see ``Best``.
        storage: file of the Optuna study; None = no search.
        trial: number of this run's trial.
    """

    def __init__(
        self,
        metric: Metric,
        times: int | None = 20,
        every: int | None = None,
        storage: str | None = None,
        trial: int | None = None,
    ):
        super().__init__(metric, times, every)
        self.storage, self.trial = storage, trial

    def act(self, trainer: pl.Trainer, module: Any) -> None:
        """Rank 0 reports the value; all ranks end together if the trial is pruned."""
        super().act(trainer, module)
        if self.storage is None:
            return
        prune = False
        if trainer.is_global_zero:
            study = open_study(Path(self.storage))
            trial = _running(study, self.trial)
            trial.report(self.last, module.progress.rounds)
            prune = trial.should_prune()
        if trainer.strategy.broadcast(prune):
            trainer.should_stop = True


def _running(study: Any, number: int) -> Any:
    import optuna

    return optuna.trial.Trial(study, study.trials[number]._trial_id)
