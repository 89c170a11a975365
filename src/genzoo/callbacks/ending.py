"""Base of the callbacks that end training before its last round."""

import pytorch_lightning as pl

ROUNDS = 10  # interval in rounds at which several ranks agree


class Ending(pl.Callback):
    """Ends training between two rounds, on all ranks after the same round.

    ``reason`` says why this callback has ended training, or is None. ``finishes``: whether the run then counts as
    finished; otherwise it counts as interrupted, and a resume continues it.
    """

    finishes = False

    def __init__(self) -> None:
        self.reason: str | None = None

    def end(self, trainer: pl.Trainer, reason: str) -> None:
        """Ends training after the current round, on this rank."""
        self.reason = reason
        trainer.should_stop = True


def any_rank(trainer: pl.Trainer, module: pl.LightningModule, wanted: bool) -> bool:
    """Whether a rank wants training to end; with several ranks, asked every ``ROUNDS`` rounds, as it synchronises them.

    Args:
        trainer: the trainer.
        module: the model, after a round.
        wanted: whether this rank wants it.
    """
    if trainer.world_size == 1:
        return wanted
    if module.progress.rounds % ROUNDS:
        return False
    return trainer.strategy.reduce_boolean_decision(wanted, all=False)
