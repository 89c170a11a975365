"""Reading of a table of images: a CSV file with a path, and perhaps a label, a split and factors, per row."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from genzoo.core.errors import GenzooError, listed, near
from genzoo.data.classes import Label
from genzoo.data.files import one_line
from genzoo.data.layout import SPLIT_NAMES

COLUMNS = ("path", "label", "split")  #: columns that are no factors
SWITCHES = {"true": 1.0, "false": 0.0}


class Row(NamedTuple):
    """A row of a table.

    Args:
        number: its number in the file; the header is row 1.
        path: path of the image.
        label: number or name of the class; None = unknown.
        factors: values of the factors.
    """

    number: int
    path: Path
    label: Label
    factors: tuple[float, ...]


class Table(NamedTuple):
    """A table of images.

    Args:
        parts: "train", and "validation" and "test" if the table has them -> rows.
        factors: names of the factors.
    """

    parts: dict[str, list[Row]]
    factors: tuple[str, ...]


def read_table(file: Path, factors: Sequence[str] | None = None) -> Table:
    """Reads a table.

    Args:
        file: a CSV file in UTF-8 with a header; paths are relative to its folder.
        factors: columns that are factors; None = all others than ``COLUMNS``.

    Raises:
        GenzooError: the file is missing or no such table, or a cell is wrong; names the row.
    """
    place = f"data.file={file}"
    if not file.is_file():
        raise GenzooError(f"{place}: there is no such file; give a CSV file with a column path.")
    try:
        with file.open(newline="", encoding="utf-8-sig") as content:
            reader = csv.reader(content, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(place, header)
            chosen = _factors(place, header, factors)
            cells = list(_cells(place, header, reader))
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise GenzooError(f"{place}: it is no CSV file in UTF-8 ({one_line(error)}); save it again.") from error
    labels = _labels([row.get("label", "") for _, row in cells])
    parts: dict[str, list[Row]] = {"train": []}
    for (number, row), label in zip(cells, labels, strict=True):
        values = tuple(_number(f"{place}: row {number}", name, row[name]) for name in chosen)
        split = _split(f"{place}: row {number}", row.get("split"))
        parts.setdefault(split, []).append(Row(number, file.parent / row["path"], label, values))
    _check_once(place, [row for rows in parts.values() for row in rows])
    return Table(parts, chosen)


def _check_header(place: str, header: Sequence[str]) -> None:
    if "path" not in header:
        raise GenzooError(
            f"{place}: it has no column path, but {listed(header) or 'nothing'}; its first row must name the columns."
        )
    if twice := [name for name in header if header.count(name) > 1]:
        raise GenzooError(f"{place}: it has two columns {twice[0] or 'without a name'}; rename or remove one.")


def _factors(place: str, header: Sequence[str], chosen: Sequence[str] | None) -> tuple[str, ...]:
    others = [name for name in header if name not in COLUMNS]
    for name in chosen or ():
        if name not in others:
            raise GenzooError(f"data.factors: {place} has no such column {name}. {near(name, others)}")
    return tuple(others if chosen is None else chosen)


def _cells(place: str, header: Sequence[str], reader: Any) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields number and cells of each row; empty lines are skipped."""
    for cells in reader:
        number = reader.line_num
        if not cells:
            continue
        if len(cells) != len(header):
            raise GenzooError(
                f"{place}: row {number} has {len(cells)} cells, but the header has {len(header)}; correct it, with "
                "quotes around a cell that contains commas."
            )
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        if not row["path"]:
            raise GenzooError(f"{place}: row {number} has no path; give one, or delete the row.")
        yield number, row


def _labels(cells: Sequence[str]) -> list[Label]:
    """Returns integers if all labels are integers, else names; nothing and -1 = unknown."""
    known = {cell for cell in cells if cell}
    if all(cell.removeprefix("-").isdecimal() for cell in known):
        return [int(cell) if cell else None for cell in cells]
    return [cell or None for cell in cells]


def _number(row: str, name: str, cell: str) -> float:
    try:
        value = SWITCHES[cell.lower()] if cell.lower() in SWITCHES else float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise GenzooError(
            f"{row}: {name} is {cell!r}, but a factor is a number, or true or false; correct it, or name the columns "
            "that are factors with data.factors=[...]."
        )
    return value


def _split(row: str, cell: str | None) -> str:
    if cell is None:
        return "train"
    if cell.lower() not in SPLIT_NAMES:
        raise GenzooError(f"{row}: its split is {cell!r}; accepted are train, validation and test.")
    return SPLIT_NAMES[cell.lower()]


def _check_once(place: str, rows: Sequence[Row]) -> None:
    """Refuses an image of two rows, which could be trained on and held out."""
    first: dict[Path, int] = {}
    for row in sorted(rows, key=lambda row: row.number):
        if row.path in first:
            raise GenzooError(
                f"{place}: rows {first[row.path]} and {row.number} are both {row.path.name}; delete one of them."
            )
        first[row.path] = row.number
