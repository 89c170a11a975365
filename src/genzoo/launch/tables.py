"""The tables of a sweep: one row per job, and one row per setting with means and deviations over its seeds."""

import csv
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from genzoo.core.files import atomic_write

SEEDS = ("seed", "data.label_seed")  # settings over which is averaged
COLUMNS = 6  # number of metrics in the table of jobs as text; the CSV has all

Row = Mapping[str, Any]


class Spread(NamedTuple):
    """Mean and sample standard deviation; the deviation of a single run is None.

    >>> print(Spread(0.12345, 0.0123), Spread(0.5, None))
    0.1235 ± 0.012 0.5
    """

    mean: float
    std: float | None

    def __str__(self) -> str:
        return f"{self.mean:.4g}" if self.std is None else f"{self.mean:.4g} ± {self.std:.2g}"


def by_setting(runs: Sequence[tuple[Mapping[str, str], Mapping[str, float]]]) -> list[Row]:
    """Returns one row per setting: what differs between settings, the number of runs, a ``Spread`` of each metric.

    Args:
        runs: settings and metrics of each finished run.

    Example:
        >>> (row,) = by_setting([({"seed": "0"}, {"test/fid": 1.0}), ({"seed": "1"}, {"test/fid": 3.0})])
        >>> row["runs"], str(row["test/fid"])
        (2, '2 ± 1.4')
    """
    first = runs[0][0] if runs else {}
    constant = {name for name, value in first.items() if all(settings.get(name) == value for settings, _ in runs)}
    groups: dict[tuple[tuple[str, str], ...], list[Mapping[str, float]]] = {}
    for settings, metrics in runs:
        key = tuple((name, value) for name, value in settings.items() if name not in {*SEEDS, *constant})
        groups.setdefault(key, []).append(metrics)
    return [{**dict(key), "runs": len(found), **_spreads(found)} for key, found in groups.items()]


def _spreads(found: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    values = {name: [one[name] for one in found if name in one] for name in names_of(found)}
    return {
        name: Spread(statistics.fmean(numbers), statistics.stdev(numbers) if len(numbers) > 1 else None)
        for name, numbers in values.items()
    }


def write_jobs(rows: Sequence[Row], folder: Path) -> None:
    """Writes ``table.csv`` and ``table.txt``: one row per job."""
    _write(folder / "table.csv", as_csv(rows))
    _write(folder / "table.txt", jobs_as_text(rows) + "\n")


def write_settings(rows: Sequence[Row], folder: Path) -> None:
    """Writes ``summary.txt``, ``.csv``, ``.md`` and ``.tex``: the rows of ``by_setting``."""
    formats: Mapping[str, Callable[[Sequence[Row]], str]] = dict(txt=as_text, csv=as_csv, md=as_markdown, tex=as_latex)
    for suffix, form in formats.items():
        _write(folder / f"summary.{suffix}", form(rows))


def names_of(rows: Sequence[Row]) -> list[str]:
    """Returns the columns of all rows, in the order of their first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def jobs_as_text(rows: Sequence[Row]) -> str:
    """The rows of jobs in aligned columns: state, time, some metrics, and the settings in which rows differ."""
    names = names_of(rows)
    metrics = [name for name in names if "/" in name]
    always = ("job", "state", "time", *metrics[:COLUMNS])
    differing = [name for name in names if len({str(row.get(name, "")) for row in rows}) > 1]
    shown = [name for name in names if name in always or name in set(differing) - {*metrics, "folder"}]
    return as_text([{name: row.get(name, "") for name in shown} for row in rows])


def as_text(rows: Sequence[Row]) -> str:
    """Returns aligned columns."""
    lines = _cells(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def as_csv(rows: Sequence[Row]) -> str:
    """Returns comma-separated values; the deviation of a metric has a column of its own.

    >>> print(as_csv([{"model": "gan", "test/fid": Spread(2.0, 0.5)}]).strip())
    model,test/fid,test/fid std
    gan,2.0,0.5
    """
    plain = []
    for row in rows:
        parts = (
            {name: value} if not isinstance(value, Spread) else {name: value.mean, f"{name} std": value.std}
            for name, value in row.items()
        )
        plain.append({name: value for part in parts for name, value in part.items()})
    written = StringIO()
    writer = csv.DictWriter(written, names_of(plain), lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain)
    return written.getvalue()


def as_markdown(rows: Sequence[Row]) -> str:
    """Returns a table of Markdown."""
    head, *lines = ([cell.replace("|", "\\|") for cell in line] for line in _cells(rows))
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)) + "\n"


def as_latex(rows: Sequence[Row]) -> str:
    r"""Returns a ``tabular`` with the rules of the package booktabs.

    >>> print(as_latex([{"model": "wgan_gp", "test/fid": Spread(2.0, 0.5)}]))
    \begin{tabular}{ll}
    \toprule
    model & test/fid \\
    \midrule
    wgan\_gp & $2 \pm 0.5$ \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    head, *lines = ([_latex(cell) for cell in line] for line in _cells(rows))
    body = [" & ".join(line) + r" \\" for line in (head, *lines)]
    rules = [rf"\begin{{tabular}}{{{'l' * len(head)}}}", r"\toprule", body[0], r"\midrule", *body[1:], r"\bottomrule"]
    return "\n".join([*rules, r"\end{tabular}"]) + "\n"


def _latex(cell: str) -> str:
    if " ± " in cell:
        return f"${cell.replace('±', chr(92) + 'pm')}$"
    special = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    return re.sub(r"[&%$#_{}\\^~]", lambda found: special.get(found[0], f"\\{found[0]}"), cell)


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    """The head and the rows, as text."""
    names = names_of(rows)
    return [names, *([_cell(row.get(name, "")) for name in names] for row in rows)]


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")
