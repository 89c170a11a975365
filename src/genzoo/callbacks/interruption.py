"""Ctrl-C and SIGTERM end training between two rounds."""

import logging
import signal
from typing import Any

import pytorch_lightning as pl

from genzoo.core.registry import register

log = logging.getLogger("genzoo")


@register
class Interruption(pl.Callback):
    """The first signal lets the round end, and with it training: checkpoint, pictures and metrics are written.

    A second Ctrl-C ends the process at once, with status 130; the last checkpoint stays whole. ``signal`` names the
    signal received, or is None.
    """

    def __init__(self) -> None:
        self.signal: str | None = None
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Takes over the signals."""

        def stop(number: int, frame: Any) -> None:
            self.signal = signal.Signals(number).name
            trainer.should_stop = trainer.world_size == 1
            signal.signal(signal.SIGINT, abort)
            log.warning(f"{self.signal}: finishing the round, then saving; Ctrl-C again aborts at once")

        def abort(number: int, frame: Any) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            log.warning("aborted; resume goes on from the last checkpoint")
            raise SystemExit(130)  # Lightning would make status 1 of a KeyboardInterrupt

        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, stop)

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Several ranks must end after the same round: every ten rounds they ask whether a signal reached one."""
        if trainer.world_size == 1 or module.progress.rounds % 10:
            return
        if trainer.strategy.reduce_boolean_decision(self.signal is not None, all=False):
            self.signal = self.signal or "a signal to another process"
            trainer.should_stop = True

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Gives the signals back."""
        self._restore()

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Gives the signals back."""
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
