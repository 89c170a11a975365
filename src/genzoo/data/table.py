"""Data sets from a table of image files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.decoding import decode, describe_failures
from genzoo.data.own_pictures import OwnPictures
from genzoo.data.table_file import Row, read_table

REMEDY = "Correct the rows, or delete them."


@register
class ImageTable(OwnPictures):
    """Image files that a CSV file lists: a column path and, optionally, label, split and factors.

    Args:
        file: the CSV file; paths are relative to its folder.
        factors: columns that are factors: numbers, or true and false; None = all others than path, label and split.
        options: settings of ``OwnPictures``.

    Raises:
        GenzooError: the file is missing or no such table, or a setting is out of range; from ``load``: images are
            missing or broken; the message names their rows.

    Example:
        >>> ImageTable("nowhere.csv")
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: data.file=nowhere.csv: there is no such file; give a CSV file with a column \
path.
    """

    name = "table"
    source = "table"

    def __init__(self, file: str | Path, factors: Sequence[str] | None = None, **options: Any):
        self.file = Path(file).expanduser()
        self.place = f"data.file={self.file}"
        self.parts, names = read_table(self.file, factors)
        labels = {part: [row.label for row in rows] for part, rows in self.parts.items()}
        super().__init__(labels, factors=names, **options)

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the images of each split."""
        rows = [row for rows in self.parts.values() for row in rows]
        if missing := {_name(row): "there is no such file" for row in rows if not row.path.is_file()}:
            raise GenzooError(f"{self.place}: {describe_failures(missing, len(rows))}. {REMEDY}")
        return super().load()

    def read(self, part: str, rows: Tensor) -> Tensor:
        """Reads images of a part."""
        chosen = [self.parts[part][row] for row in rows.tolist()]
        images, failures = decode(chosen, self._picture, self.spec.size, self.spec.channels)
        if failures:
            named = {_name(row): why for row, why in sorted(failures.items())}
            raise GenzooError(f"{self.place}: {describe_failures(named, len(chosen))}. {REMEDY}")
        return images

    def factors_of(self, part: str) -> Tensor | None:
        """Returns the factors of all images of a part."""
        return torch.tensor([row.factors for row in self.parts[part]]) if self.spec.factors else None

    def _picture(self, row: Row) -> Image.Image:
        return self.picture(row.path, f"{self.place}: {_name(row)}")


def _name(row: Row) -> str:
    return f"row {row.number}: {row.path}"
