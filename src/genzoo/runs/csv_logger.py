"""A logger that writes the metrics of a run to one CSV file."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only

from genzoo.core.files import atomic_write
from genzoo.core.registry import register_logger

FILE = Path("csv", "version_0", "metrics.csv")  # path of the first file of Lightning's CSVLogger


@register_logger
class CsvLogger(Logger):
    """Writes ``csv/version_0/metrics.csv`` in the run folder; rows already written survive a kill.

    An existing file is continued, so that a run has one file even if it is resumed several times.

    Args:
        save_dir: the run folder.
    """

    def __init__(self, save_dir: str):
        super().__init__()
        self.path = Path(save_dir) / FILE
        self._columns: list[str] | None = None  # columns of the file, after the first write of this process

    name, version = "csv", 0

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Appends a row.

        Args:
            metrics: name -> number; a new name is a new column.
            step: images seen (or the model's other unit of progress).
        """
        row = {"step": step, **{name: float(value) for name, value in metrics.items()}}
        if self._columns is None or not row.keys() <= set(self._columns):
            rows = [*read_rows(self.path), row]
            self._columns = write_rows(self.path, rows)
        else:
            with open(self.path, "a", newline="") as file:
                csv.DictWriter(file, self._columns).writerow(row)

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Does nothing: the run's ``config.yaml`` holds the hyper-parameters."""


def read_rows(path: Path) -> list[dict[str, str]]:
    """Reads the rows of a log, without an incomplete last one; empty if there is no file."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    return list(csv.DictReader(line for line in lines if line.endswith("\n")))


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Replaces the file with these rows; returns the columns, sorted."""
    rows = list(rows)
    columns = sorted({name for row in rows for name in row})
    with atomic_write(path) as partial, open(partial, "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return columns
