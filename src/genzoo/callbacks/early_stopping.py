"""An early end of training, when a metric no longer improves."""

import logging
import math
from collections.abc import Mapping
from typing import Any, Literal

import pytorch_lightning as pl

from genzoo.callbacks.ending import Ending
from genzoo.callbacks.evaluation import measure
from genzoo.callbacks.every import EveryRounds
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError, closest, listed
from genzoo.core.milestones import Milestones
from genzoo.core.registry import register
from genzoo.metrics.evaluation import Metric, capable, check_metrics, evaluate

log = logging.getLogger("genzoo")
SPLIT = "validation"
TIMES = 20  # evaluations per run without ``every``


@register
class EarlyStopping(EveryRounds, Ending):
    """Ends training, as after its last round, if a validation metric has not improved for several evaluations.

    Rank 0 measures; all ranks get the value and therefore end after the same round. The state is part of checkpoints.

    Args:
        metric: name of the value, ``validation/<name>``.
        metrics: name -> metric (None, or a text, which is a setting of other metrics: left out); the metric that
            computes the value is searched before the first round, and only this one is computed afterwards.
        mode: ``min`` = lower is better; ``max`` = higher is better.
        patience: number of evaluations without an improvement after which training ends.
        min_delta: change that the best value must exceed to be an improvement.
        every: rounds between two evaluations; None = a twentieth of the run.

    Raises:
        GenzooError: a setting is wrong.
    """

    finishes = True

    def __init__(
        self,
        metric: str,
        metrics: Mapping[str, Metric | str | None],
        mode: Literal["min", "max"] = "min",
        patience: int = 5,
        min_delta: float = 0.0,
        every: int | None = None,
    ):
        EveryRounds.__init__(self, TIMES, every)
        Ending.__init__(self)
        if not metric.startswith(f"{SPLIT}/"):
            raise GenzooError(
                f"callbacks.early_stopping.metric={metric}: a {SPLIT} metric is needed, since test data must not "
                f"determine the end of training; give {SPLIT}/<name>."
            )
        if mode not in ("min", "max"):
            raise GenzooError(f"callbacks.early_stopping.mode={mode}: unknown. Accepted: min, max.")
        check_positive("callbacks.early_stopping.patience", patience)
        if not min_delta >= 0:
            raise GenzooError(f"callbacks.early_stopping.min_delta={min_delta}: zero or a positive number is needed.")
        chosen = {name: one for name, one in metrics.items() if not isinstance(one, str)}
        self.metrics = check_metrics(chosen, "callbacks.early_stopping.metrics")
        self.metric, self.patience, self.min_delta = metric, patience, min_delta
        self.sign = 1 if mode == "min" else -1
        self.every = every
        self.best = math.inf  # the best value, times ``sign``
        self.waited = 0  # evaluations since the best value
        self.evaluated = 0  # round of the last evaluation
        self.of_rounds = 0  # length of the run

    def state_dict(self) -> dict[str, Any]:
        """Returns what a resumed run needs to continue exactly."""
        return {
            "best": self.best,
            "waited": self.waited,
            "evaluated": self.evaluated,
            "of_rounds": self.of_rounds,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the state.

        Raises:
            GenzooError: its values are not numbers.
        """
        found = [state.get(name) for name in ("best", "waited", "evaluated", "of_rounds")]
        if not (isinstance(found[0], int | float) and all(type(value) is int for value in found[1:])):
            raise GenzooError("callbacks.EarlyStopping: the checkpoint's values are not numbers; give another.")
        self.best, self.waited, self.evaluated, self.of_rounds = found

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Searches the metric; catches up on what a checkpoint written before this callback's turn lacks."""
        super().on_train_start(trainer, module)
        rounds, of_rounds = module.progress.rounds, trainer.datamodule.rounds
        self.milestones = Milestones(every=self.every or max(1, of_rounds // TIMES))
        if self.of_rounds != of_rounds:  # a new run, or one that goes on beyond its length
            self.waited, self.of_rounds = 0, of_rounds
        self._search(trainer, module)
        if self.milestones.due(rounds, of_rounds) and self.evaluated < rounds:
            self.act(trainer, module)
        else:
            self._end_if_over(trainer, module)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Does nothing: an unbroken run would not have the evaluation that follows an interruption."""

    def act(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Measures, compares with the best value, and ends training if the patience is exhausted."""
        values = measure(self.metrics, trainer, module, [SPLIT]).values if trainer.is_global_zero else {}
        value = trainer.strategy.broadcast(values.get(self.metric))
        if value is None:
            raise GenzooError(
                f"callbacks.early_stopping.metric={self.metric}: it was not measured after round "
                f"{module.progress.rounds}; the log states the reason."
            )
        self.evaluated = module.progress.rounds
        if self.best - self.sign * value > self.min_delta:
            self.best, self.waited = self.sign * value, 0
        else:
            self.waited += 1
        self._end_if_over(trainer, module)

    def _end_if_over(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if self.waited >= self.patience and module.progress.rounds < trainer.datamodule.rounds:
            self.end(
                trainer,
                f"{self.metric} has not improved on {self.sign * self.best:.4g} in {self.waited} evaluations",
            )
            log.info(f"early stopping after round {module.progress.rounds}: {self.reason}")

    def _search(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Keeps only the metric that computes the value.

        Raises:
            GenzooError: none does; the message names the values that there are.
        """
        found, names = None, []
        for name, metric in capable(self.metrics, module, trainer.datamodule).items() if trainer.is_global_zero else ():
            values = evaluate({name: metric}, module, trainer.datamodule, SPLIT).values
            if self.metric in values:
                found = name
                break
            names += values
        found, names = trainer.strategy.broadcast((found, names))
        if found is None:
            likely = dict.fromkeys([*closest(self.metric, names), *names])  # the closest first
            raise GenzooError(
                f"callbacks.early_stopping.metric={self.metric}: no metric of this run computes it. "
                f"Accepted: {listed(likely) or f'none, as no metric has {SPLIT} values'}."
            )
        self.metrics = {found: self.metrics[found]}
