"""A paper's own page: source, command and every seed of every row (docs/results/<paper>.md)."""

from collections.abc import Mapping, Sequence

from genzoo.results.comparison import Record, bests, published, quantity, values
from genzoo.results.experiments import Experiment
from genzoo.results.records import references


def details(title: str, experiments: Sequence[Experiment], records: Mapping[str, Sequence[Record]]) -> str:
    """Returns the page, in Markdown; measured rows come first.

    Args:
        title: title of the paper.
        experiments: its rows, as experiments.
        records: experiment -> records of its runs.
    """
    ordered = sorted(experiments, key=lambda experiment: experiment["name"] not in records)
    lines = [f"# {title}", "", "Written by `genzoo report`. [All results](../RESULTS.md)"]
    for experiment in ordered:
        lines += ["", *_section(experiment, records.get(experiment["name"], ()))]
    return "\n".join(lines) + "\n"


def _section(experiment: Experiment, records: Sequence[Record]) -> list[str]:
    lines = [f"## {experiment['title']}", ""]
    for reference in references(experiment):
        paper = f" Paper, {number}: {reference['source']}." if (number := published(reference)) else ""
        lines += [f"Metric: `{reference['metric']}`.{paper}", ""]
    lines += [f"    {command}" for command in _commands(experiment, [record["seed"] for record in records] or [0])]
    return [*lines, "", *_seeds(experiment, records)] if records else lines


def _commands(experiment: Experiment, seeds: Sequence[int]) -> list[str]:
    """Returns the commands that train these seeds, and evaluate them if that is a separate command."""
    if members := experiment.get("members"):
        runs = ",".join(map(str, range(members)))
        return [
            *(f"python train.py -m experiment={experiment['name']} seed={runs} data.label_seed={s}" for s in seeds),
            "python evaluate.py ckpt=<the folder of a sweep>",
        ]
    many = "-m " if len(seeds) > 1 else ""
    return [f"python train.py {many}experiment={experiment['name']} seed={','.join(map(str, seeds))}"]


def _seeds(experiment: Experiment, records: Sequence[Record]) -> list[str]:
    """Returns the table with one row per run."""
    names = [f"{which}{reference['metric']}" for reference in references(experiment) for which in ("", "best ")]
    columns = ["seed", *names, "rounds", "minutes", "trained by", "measured by", "hardware", "date"]
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for record in records:
        cells = [
            quantity(found, reference["unit"]) if found else ""
            for reference in references(experiment)
            for found in (values([record], reference["metric"]), values(bests([record]), reference["metric"]))
        ]
        lines.append(
            f"| {record['seed']} | {' | '.join(cells)} | {record['rounds']:,} of {record['of_rounds']:,} | "
            f"{_minutes(record)} | {record['trained_by']} | {record['measured_by']} | {record['device']} | "
            f"{record['date']} |"
        )
    return lines


def _minutes(record: Record) -> str:
    """Returns processor time if the record has it, else wall-clock time."""
    if (seconds := record.get("processor_seconds")) is not None:
        return f"{seconds / 60:.1f}"
    return f"{record['seconds'] / 60:.1f} by the clock" if "seconds" in record else ""
