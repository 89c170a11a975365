"""A profile of a few rounds."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch.profiler import ProfilerActivity, profile, record_function

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write
from genzoo.core.registry import register

log = logging.getLogger("genzoo")
FILE = "profile.json"


@register
class Profiler(pl.Callback):
    """Profiles some rounds on rank 0: a Chrome trace in the run folder, and the operators that take longest in the log.

    Each round is a range of the trace, named ``round <n>``, which includes the callbacks after it. Other rounds are not
    slowed down. If training ends earlier, the trace holds the rounds so far.

    Args:
        rounds: number of the first and of the last round, from 1.
        rows: number of operators in the log.

    Raises:
        GenzooError: these are not two rounds in order.
    """

    def __init__(self, rounds: Sequence[int] = (10, 12), rows: int = 10):
        if not (len(rounds) == 2 and all(type(one) is int for one in rounds) and 1 <= rounds[0] <= rounds[1]):
            raise GenzooError(
                f"callbacks.profiler.rounds={list(rounds)}: the first and the last round are needed, from 1; "
                "write callbacks.profiler.rounds=[10,12]."
            )
        check_positive("callbacks.profiler.rows", rows)
        self.first, self.last = rounds
        self.rows = rows
        self._profile: profile | None = None
        self._range: record_function | None = None

    def check_rounds(self, of_rounds: int) -> None:
        """Checks that the run has these rounds.

        Args:
            of_rounds: length of the run.

        Raises:
            GenzooError: it does not.
        """
        if self.last > of_rounds:
            raise GenzooError(
                f"callbacks.profiler.rounds=[{self.first},{self.last}]: the run has trainer.rounds={of_rounds}; "
                f"choose rounds from 1 to {of_rounds}."
            )

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Warns if a resumed run is beyond these rounds, and has no profile of them."""
        if module.progress.rounds >= self.last and not (Path(trainer.default_root_dir) / FILE).exists():
            log.warning(
                f"callbacks.profiler.rounds=[{self.first},{self.last}]: the run is at round {module.progress.rounds} "
                "already; nothing is profiled"
            )

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Starts the profiler before the first round, and a range before each round."""
        number = module.progress.rounds + 1
        if not self.first <= number <= self.last or not trainer.is_global_zero:
            return
        if self._profile is None:
            os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else its stages, and a missing GPU, are printed
            self._profile = profile(activities=activities_on(module.device))
            self._profile.start()
        self._range = record_function(f"round {number}")
        self._range.__enter__()

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Ends the round's range, and the profile after the last round."""
        if self._range is not None:
            self._range.__exit__(None, None, None)
            self._range = None
            if module.progress.rounds == self.last:
                self._write(Path(trainer.default_root_dir))

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Writes the profile if training has ended before its last round."""
        if self._profile is not None:
            self._write(Path(trainer.default_root_dir))

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Stops the profiler."""
        if self._profile is not None:
            self._profile.stop()
            self._profile = None

    def _write(self, folder: Path) -> None:
        found, self._profile = self._profile, None
        found.stop()
        with atomic_write(folder / FILE) as partial:
            found.export_chrome_trace(str(partial))
        log.info("\n".join([f"profile -> {folder / FILE} (for https://ui.perfetto.dev)", *self._table(found)]))

    def _table(self, found: profile) -> list[str]:
        """Returns the lines of the operators that take longest, on the device if there is one, else on the CPU."""
        operators = [one for one in found.key_averages() if not one.key.startswith("round ")]
        kind = "device" if any(one.self_device_time_total for one in operators) else "cpu"
        operators.sort(key=lambda one: -getattr(one, f"self_{kind}_time_total"))
        total = sum(getattr(one, f"self_{kind}_time_total") for one in operators) or 1
        lines = [f"{f'{kind} ms':>10} {'share':>6} {'calls':>7}  operator"]
        for one in operators[: self.rows]:
            time = getattr(one, f"self_{kind}_time_total")
            lines.append(f"{time / 1000:>10.2f} {time / total:>6.1%} {one.count:>7}  {one.key[:80]}")
        return lines


def activities_on(device: torch.device) -> list[ProfilerActivity]:
    """Returns what is recorded: the CPU, and a CUDA device's kernels."""
    return [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
