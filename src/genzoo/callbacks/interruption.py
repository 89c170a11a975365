"""Ends training between two rounds on Ctrl-C or SIGTERM."""

import logging
import signal
import threading
from typing import Any

import pytorch_lightning as pl

from genzoo.callbacks.ending import Ending, any_rank
from genzoo.core.registry import register

log = logging.getLogger("genzoo")


@register
class Interruption(Ending):
    """On the first signal, training ends after the current round; checkpoint, pictures and metrics are written.

    A second Ctrl-C ends the process at once, with status 130; the last checkpoint stays intact. ``reason`` is the name
    of the received signal, or None.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Installs the signal handlers, which only the main thread may do."""
        if threading.current_thread() is not threading.main_thread():
            return

        def stop(number: int, frame: Any) -> None:
            self.reason = signal.Signals(number).name
            trainer.should_stop = trainer.world_size == 1
            signal.signal(signal.SIGINT, abort)
            log.warning(f"{self.reason}: finishing the round, then saving; Ctrl-C again aborts at once")

        def abort(number: int, frame: Any) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            log.warning("aborted; resume continues from the last checkpoint")
            raise SystemExit(130)  # Lightning turns a KeyboardInterrupt into status 1

        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, stop)

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Ends training after a signal."""
        if any_rank(trainer, module, self.reason is not None):
            self.end(trainer, self.reason or "a signal to another process")

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Restores the previous signal handlers."""
        self._restore()

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Restores the previous signal handlers."""
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
