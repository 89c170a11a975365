"""The papers' numbers beside ours: docs/RESULTS.md from the experiments and the records of published runs."""

import logging
import re
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose
from omegaconf import DictConfig, OmegaConf

from genzoo.console import log_to_console
from genzoo.core.errors import GenzooError
from genzoo.core.files import aside
from genzoo.records import config_hash, publish, read_records, references

log = logging.getLogger("genzoo")

Experiment = Mapping[str, Any]
Record = Mapping[str, Any]

INTRODUCTION = """\
# Results

Written by `python report.py` from `conf/experiment` and the records in `results`, each of which a real run left.
*Ours* is the mean ± standard deviation over n seeds, of the last checkpoint and, where one was kept, of the best one
(chosen by samples and data that the report does not use). *not measured* is said where nobody measured.
"""


def write_report(cfg: DictConfig) -> str:
    """Publishes runs, if asked, and writes and prints the page.

    Args:
        cfg: composed from conf/report.yaml, inside of Hydra.

    Raises:
        GenzooError: a record or an experiment is damaged; the run must not be published.
    """
    log_to_console(sys.stderr)  # what is printed is the page
    root = Path(cfg.experiments)
    names = sorted((str(path.relative_to(root).with_suffix("")) for path in root.glob("**/*.yaml")), key=_natural)
    experiments = {name: read_experiment(name) for name in names}
    for folder in [cfg.publish] if isinstance(cfg.publish, str) else cfg.publish or ():
        log.info(f"published as {publish(Path(folder), Path(cfg.results), experiments)}")
    text = page(list(experiments.values()), read_records(Path(cfg.results)), cfg.left_out)
    with aside(Path(cfg.page)) as partial:
        partial.write_text(text)
    print(text)
    return text


def _natural(name: str) -> list[tuple[int, str]]:
    """A key by which 20 comes before 100."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def read_experiment(name: str) -> Experiment:
    """The ``experiment`` node of conf/experiment/<name>.yaml, with the hash of its configuration.

    Raises:
        GenzooError: it is incomplete.
    """
    config = OmegaConf.to_container(compose("train", [f"experiment={name}"]), resolve=True)
    return {**checked(config.get("experiment") or {}, name), "config_hash": config_hash(config)}


def checked(experiment: Experiment, name: str) -> Experiment:
    """The experiment, if it is complete.

    Raises:
        GenzooError: it lacks its reference, its title or its name.
    """
    for reference in (experiment.get("reference") or {}, *experiment.get("further", ())):
        lacking = [key for key in ("metric", "unit", "value", "source") if key not in reference]
        if lacking:
            raise GenzooError(
                f"experiment={name}: a reference lacks {', '.join(lacking)}; complete conf/experiment/{name}.yaml."
            )
    if experiment.get("name") != name or "title" not in experiment:
        raise GenzooError(f"experiment={name}: conf/experiment/{name}.yaml needs experiment.name={name} and a title.")
    return experiment


def page(
    experiments: Sequence[Experiment], records: Mapping[str, Sequence[Record]], left_out: Sequence[str] = ()
) -> str:
    """The whole page, in Markdown.

    Args:
        experiments: see ``read_experiment``.
        records: of each experiment's runs.
        left_out: rows of the papers that are not there, each with the reason.

    Raises:
        GenzooError: records of an experiment that does not exist.
    """
    if unknown := records.keys() - {experiment["name"] for experiment in experiments}:
        raise GenzooError(f"results: there is no conf/experiment/{min(unknown)}.yaml for its records; add it.")
    lines = [INTRODUCTION, "| | paper | ours, last | ours, best | state |", "|---|---|---|---|---|"]
    for experiment in experiments:
        found = comparable(experiment, records.get(experiment["name"], ()))
        for reference in references(experiment):
            last, best = values(found, reference["metric"]), values(bests(found), reference["metric"])
            ours = [f"{quantity(v, reference['unit'])} (n = {len(v)})" if v else "" for v in (last, best)]
            what = experiment["title"] if reference is experiment["reference"] else f"  its `{reference['metric']}`"
            lines.append(
                f"| {what} | {told(reference)} | {ours[0]} | {ours[1]} | {state(experiment, found, reference)} |"
            )
    if left_out:
        lines += ["", "Left out:", "", *(f"- {row}" for row in left_out)]
    for experiment in experiments:
        lines += ["", *details(experiment, records.get(experiment["name"], ()))]
    return "\n".join(lines) + "\n"


def bests(records: Sequence[Record]) -> list[Record]:
    """What the records say of best checkpoints."""
    return [record["best"] for record in records if "best" in record]


def told(reference: Mapping[str, Any]) -> str:
    """The paper's number, if it has one."""
    if reference["value"] is None:
        return ""
    return quantity([reference["value"]], reference["unit"], reference.get("std"))


def comparable(experiment: Experiment, records: Sequence[Record]) -> Sequence[Record]:
    """Records of the experiment as it is configured now; if there are none, those there are."""
    return [r for r in records if r["config_hash"] == experiment["config_hash"]] or records


def values(records: Sequence[Record], metric: str) -> list[float]:
    """A metric in all records that have it."""
    return [record["metrics"][metric] for record in records if metric in record["metrics"]]


def quantity(numbers: Sequence[float], unit: str, std: float | None = None) -> str:
    """Mean ± standard deviation; in ours, a percentage is stored as a fraction.

    >>> quantity([0.05, 0.07], "%")
    '6.00 ± 1.41 %'
    >>> quantity([225.0], "nats", std=2)
    '225.00 ± 2.00 nats'
    """
    scale = 100 if unit == "%" else 1
    if std is None and len(numbers) > 1:
        std = statistics.stdev(numbers)
    spread = "" if std is None else f" ± {scale * std:.2f}"
    return f"{scale * statistics.mean(numbers):.2f}{spread} {unit}".strip()


def state(experiment: Experiment, records: Sequence[Record], reference: Mapping[str, Any]) -> str:
    """What the numbers of one metric are worth."""
    kind = "reconstruction, " if experiment.get("reconstruction") else ""
    if not values(records, reference["metric"]):
        return f"{kind}not measured"
    if records[0]["config_hash"] != experiment["config_hash"]:
        return f"{kind}measured with an earlier configuration"
    unfinished = [record for record in records if record["rounds"] < record["of_rounds"]]
    if unfinished:
        return f"{kind}unfinished: round {unfinished[0]['rounds']:,} of {unfinished[0]['of_rounds']:,}"
    return f"{kind}measured"


def details(experiment: Experiment, records: Sequence[Record]) -> list[str]:
    """Source, command and every seed of one experiment."""
    seeds = ",".join(str(record["seed"]) for record in records) or "0"
    lines = [f"## {experiment['title']}", ""]
    for reference in references(experiment):
        paper = f" Paper, {number}: {reference['source']}." if (number := told(reference)) else ""
        lines += [f"Metric: `{reference['metric']}`.{paper}", ""]
    if members := experiment.get("members"):
        runs = ",".join(map(str, range(members)))
        for seed in seeds.split(","):
            lines.append(f"    python train.py -m experiment={experiment['name']} seed={runs} data.label_seed={seed}")
        lines.append("    python evaluate.py ckpt=<the folder of a sweep>")
    else:
        many = "-m " if "," in seeds else ""
        lines.append(f"    python train.py {many}experiment={experiment['name']} seed={seeds}")
    if records:
        names = [f"{which}{reference['metric']}" for reference in references(experiment) for which in ("", "best ")]
        columns = ["seed", *names, "rounds", "trained by", "measured by", "hardware", "date"]
        lines += ["", f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for record in records:
        cells = [
            quantity(found, reference["unit"]) if found else ""
            for reference in references(experiment)
            for found in (values([record], reference["metric"]), values(bests([record]), reference["metric"]))
        ]
        lines.append(
            f"| {record['seed']} | {' | '.join(cells)} | {record['rounds']:,} of {record['of_rounds']:,} | "
            f"{record['trained_by']} | {record['measured_by']} | {record['device']} | {record['date']} |"
        )
    return lines
