"""The progress bar."""

import time
from typing import Any

import pytorch_lightning as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from genzoo.callbacks.losses import Losses
from genzoo.core.registry import register
from genzoo.core.stopwatch import clock

SHOWN = ("_loss", "return")  # ends of the names that are shown


@register
class ProgressBar(pl.Callback):
    """Shows rounds, images (or steps) per second, losses, episode returns and remaining time.

    On a terminal this is a progress bar, elsewhere a line at regular intervals.

    Args:
        seconds: seconds between two updates of the bar.
        line_seconds: seconds between two lines without a terminal.
    """

    def __init__(self, seconds: float = 0.5, line_seconds: float = 20.0):
        self.console = Console()
        self.pause = seconds if self.console.is_terminal else line_seconds
        self._bar: Progress | None = None

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Starts the clock and the bar, on the first rank."""
        self._start = self._shown = time.perf_counter()
        self._first_round, self._first_seen = module.progress.rounds, module.progress.seen
        if trainer.is_global_zero and self.console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.completed}/{task.total} rounds"),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[status]}"),
                TimeElapsedColumn(),
                console=self.console,
                expand=True,
            )
            self._task = self._bar.add_task("", total=trainer.datamodule.rounds, completed=self._first_round, status="")
            self._bar.start()

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Updates at regular intervals; reads nothing from the device."""
        now = time.perf_counter()
        if trainer.is_global_zero and now - self._shown >= self.pause:
            self._shown = now
            self._show(trainer, module)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Shows the last state."""
        if trainer.is_global_zero:
            self._show(trainer, module)
        self._stop()

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Stops the bar, so that the terminal is usable."""
        self._stop()

    def _show(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        rounds, of = module.progress.rounds, trainer.datamodule.rounds
        elapsed = time.perf_counter() - self._start
        played = rounds - self._first_round
        rate = (module.progress.seen - self._first_seen) / max(elapsed, 1e-9)
        left = clock(elapsed / played * (of - rounds)) if played else "?"
        latest = next((c.latest for c in trainer.callbacks if isinstance(c, Losses)), {})
        losses = "  ".join(f"{name} {value:.3f}" for name, value in latest.items() if name.endswith(SHOWN))
        status = f"{rate:,.0f} {module.unit}/s  {losses}  {left} left"
        if self._bar is not None:
            self._bar.update(self._task, completed=rounds, status=status)
        else:
            self.console.print(f"round {rounds}/{of}  {status}", highlight=False, soft_wrap=True)

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
