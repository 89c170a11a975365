"""A paper's tables as data: one file per paper; each cell of a table is an experiment.

``conf/tables/<paper>.yaml`` contains tables by name. A table has

- ``axes``: axis -> key -> a part of the configuration: ``choose`` (options of groups), ``set`` (keys), and words;
- ``values``: the published numbers, nested by the axes in their order, ``[value, standard deviation, seeds]`` per
  cell, or a list of such lists if the table has several metrics;
- ``row``, ``title``, ``reference``, ``further``: the experiment, in which ``{axis[word]}`` stands for a word of the
  cell's part (``{axis[key]}``: its key);
- ``choose`` and ``set`` of all cells, and ``where``: ``choose`` and ``set`` of the cells whose keys it lists.

Later parts win: the table's, the axes' in their order, then those of ``where`` in theirs.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from genzoo.core.errors import GenzooError

Cell = tuple[Any, ...]  # a key per axis


@dataclass(frozen=True)
class Table:
    """One table of a paper.

    Args:
        paper: the name of its file.
        caption: caption of the table.
        axes: axis -> key -> the words of that key, including ``title``.
        experiments: cell -> the node of conf/experiment that trains and measures it.
    """

    paper: str
    caption: str
    axes: Mapping[str, Mapping[Any, Mapping[str, Any]]]
    experiments: Mapping[Cell, Mapping[str, Any]]


@functools.cache
def read_tables(folder: Path) -> Sequence[Table]:
    """Reads all tables of all papers, in the order of their files; cached per process.

    Args:
        folder: conf/tables.

    Raises:
        GenzooError: a table is incomplete, or names an axis or a key that it does not have.
    """
    return tuple(
        _table(path, name, content)
        for path in sorted(folder.glob("*.yaml"))
        for name, content in yaml.safe_load(path.read_text()).items()
    )


def read_nodes(folder: Path) -> dict[str, Mapping[str, Any]]:
    """``<paper>/<row>`` -> the node of conf/experiment, of every cell of every table; see ``read_tables``."""
    nodes = (node for table in read_tables(folder) for node in table.experiments.values())
    return {node["experiment"]["name"]: node for node in nodes}


def _table(path: Path, name: str, content: Mapping[str, Any]) -> Table:
    try:
        cells = dict(_cells(content["values"], len(content["axes"])))
        experiments = {cell: _experiment(path.stem, content, cell, values) for cell, values in cells.items()}
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise GenzooError(f"{path}: table {name} is incomplete or names what it does not have: {error!r}.") from error
    return Table(path.stem, content["caption"], content["axes"], experiments)


def _cells(values: Any, depth: int) -> Iterator[tuple[Cell, Sequence[Any]]]:
    """Yields the cells that have an entry, with their published numbers."""
    if depth == 0:
        yield (), values
        return
    for key, inner in values.items():
        for cell, found in _cells(inner, depth - 1):
            yield (key, *cell), found


def _experiment(paper: str, table: Mapping[str, Any], cell: Cell, values: Sequence[Any]) -> dict[str, Any]:
    """Returns the configuration of one cell, in the format of a file of conf/experiment/<paper>."""
    keys = dict(zip(table["axes"], cell, strict=True))
    words = {axis: {"key": key, **table["axes"][axis][key]} for axis, key in keys.items()}
    where = [part for part in table.get("where", ()) if _fits(part, keys)]
    chosen: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for part in (table, *words.values(), *where):
        chosen |= part.get("choose", {})
        settings = _merged(settings, part.get("set", {}))

    # One list of numbers per metric.
    metrics = [table["reference"], *table.get("further", ())]
    numbers = values if "further" in table else [values]
    references = [_reference(m, n, words) for m, n in zip(metrics, numbers, strict=True)]
    experiment = {
        "name": f"{paper}/{table['row'].format(**words)}",
        "title": table["title"].format(**words),
        "reference": references[0],
        **({"further": references[1:]} if references[1:] else {}),
    }
    defaults = [{f"override /{group}": option} for group, option in chosen.items()]
    return {"defaults": defaults, **_merged(settings, {"experiment": experiment})}


def _fits(part: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    listed = {name: accepted for name, accepted in part.items() if name not in ("choose", "set")}
    return all(keys[axis] in accepted for axis, accepted in listed.items())


def _reference(metric: Mapping[str, Any], numbers: Sequence[Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the published number of one metric; all entries are None if there is none."""
    filled = {key: text.format(**words) if isinstance(text, str) else text for key, text in metric.items()}
    value, std, seeds = [*numbers, None, None, None][:3]
    if value is None:
        return {**filled, "value": None, "std": None, "seeds": None, "source": None}
    return {"seeds": None, **filled, "value": value, "std": std, **({} if seeds is None else {"seeds": seeds})}


def _merged(settings: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Merges nested settings; ``later`` takes precedence."""
    merged = dict(settings)
    for key, value in later.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
