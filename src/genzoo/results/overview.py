"""The overview: one section per paper, its tables as matrices, the paper's number beside ours (docs/RESULTS.md)."""

from collections import Counter
from collections.abc import Mapping, Sequence

from genzoo.results.comparison import Record, bests, comparable, published, quantity, values, verdict
from genzoo.results.experiments import Experiment
from genzoo.results.records import references
from genzoo.results.tables import Table

Records = Mapping[str, Sequence[Record]]  # experiment -> its runs

INTRODUCTION = """\
# Results

Written by `genzoo report` from the papers' tables (`conf/tables`, `conf/experiment`) and the records in `results`,
each of which a real run left. A cell holds the paper's number, then ours: mean ± standard deviation over n seeds, of
the best checkpoint where a run kept one (chosen by data that the report does not use), else of the last. *Within*: the
two intervals overlap (where neither spread is known, 1 % of the paper's number counts); *beyond*: they do not; *-*: not
measured. Each paper has a page with the source, the command and every seed of every row.
"""
STATES = ("within", "beyond", "measured", "unfinished", "earlier configuration", "not measured")


def overview(
    titles: Mapping[str, str],
    experiments: Sequence[Experiment],
    tables: Sequence[Table],
    records: Records,
    left_out: Sequence[str] = (),
) -> str:
    """Returns the whole page, in Markdown; papers with the most measured rows come first.

    Args:
        titles: paper -> its title.
        experiments: see ``read_experiment``.
        tables: the papers' tables.
        records: experiment -> records of its runs.
        left_out: rows of the papers that are not implemented, each with the reason.
    """
    found = {e["name"]: comparable(e, records.get(e["name"], ())) for e in experiments}
    states = {e["name"]: verdict(e, found[e["name"]], e["reference"]).split(":")[0] for e in experiments}
    papers = sorted(titles, key=lambda paper: -sum(states[e["name"]] != STATES[-1] for e in of(paper, experiments)))

    # The count of rows by state.
    lines = [INTRODUCTION, f"| | rows | {' | '.join(STATES)} |", "|" + "---|" * (len(STATES) + 2)]
    for paper in papers:
        counts = Counter(states[experiment["name"]] for experiment in of(paper, experiments))
        cells = [str(counts[state] or "") for state in STATES]
        lines.append(f"| [{titles[paper]}](results/{paper}.md) | {counts.total()} | {' | '.join(cells)} |")

    for paper in papers:
        lines += ["", f"## {titles[paper]}"]
        by_name = {experiment["name"]: experiment for experiment in of(paper, experiments)}
        for table in (table for table in tables if table.paper == paper and len(table.axes) > 1):
            lines += ["", *_matrix(table, by_name, found)]
            for node in table.experiments.values():
                del by_name[node["experiment"]["name"]]
        rest = sorted(by_name.values(), key=lambda experiment: states[experiment["name"]] == STATES[-1])
        lines += ["", *_list(rest, found)] if rest else []
    if left_out:
        lines += ["", "Left out:", "", *(f"- {row}" for row in left_out)]
    return "\n".join(lines) + "\n"


def of(paper: str, experiments: Sequence[Experiment]) -> list[Experiment]:
    """Returns the experiments of one paper."""
    return [experiment for experiment in experiments if experiment["name"].split("/")[0] == paper]


def _matrix(table: Table, experiments: Mapping[str, Experiment], found: Records) -> list[str]:
    """Returns a table as in the paper: the last axis as columns, the others as rows."""
    *rows, (_, columns) = table.axes.items()
    titles = [str(words.get("title", key)) for key, words in columns.items()]
    lines = [f"**{table.caption}**", "", f"| | {' | '.join(titles)} |", "|" + "---|" * (len(titles) + 1)]
    for row in dict.fromkeys(cell[:-1] for cell in table.experiments):
        words = [str(keys[key].get("title", f"{axis} {key}")) for (axis, keys), key in zip(rows, row, strict=True)]
        cells = []
        for column in columns:
            node = table.experiments.get((*row, column))
            experiment = experiments[node["experiment"]["name"]] if node else None
            cells.append(_cell(experiment, found[experiment["name"]]) if experiment else "")
        lines.append(f"| {', '.join(words)} | {' | '.join(cells)} |")
    return lines


def _cell(experiment: Experiment, records: Sequence[Record]) -> str:
    reference = experiment["reference"]
    state = verdict(experiment, records, reference)
    ours = "-" if state == STATES[-1] else f"{_ours(records, reference)} {_kind(experiment)}{state}"
    return f"{published(reference)}<br>{ours}"


def _list(experiments: Sequence[Experiment], found: Records) -> list[str]:
    """Returns the rows that are not part of a matrix, one line per metric."""
    lines = ["| | paper | ours | state |", "|---|---|---|---|"]
    for experiment in experiments:
        records = found[experiment["name"]]
        for reference in references(experiment):
            primary = reference is experiment["reference"]
            title = experiment["title"] if primary else f"  its `{reference['metric']}`"
            state = verdict(experiment, records, reference)
            lines.append(
                f"| {title} | {published(reference)} | {_ours(records, reference)} | {_kind(experiment)}{state} |"
            )
    return lines


def _kind(experiment: Experiment) -> str:
    """Returns the prefix of a row's state if the row is a reconstruction, with the reason if it is given."""
    why = experiment.get("reconstruction")
    return f"reconstruction ({why}), " if isinstance(why, str) else "reconstruction, " if why else ""


def _ours(records: Sequence[Record], reference: Mapping[str, object]) -> str:
    """Returns genzoo's number with the number of seeds; empty if there is none."""
    numbers = values(bests(records), reference["metric"]) or values(records, reference["metric"])
    return f"{quantity(numbers, reference['unit'])} (n = {len(numbers)})" if numbers else ""
