"""Comparison of a paper's numbers with those of genzoo."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from genzoo.results.experiments import Experiment

Record = Mapping[str, Any]


def comparable(experiment: Experiment, records: Sequence[Record]) -> Sequence[Record]:
    """Returns the records of the experiment's current configuration; if there are none, all records."""
    return [r for r in records if r["config_hash"] == experiment["config_hash"]] or records


def bests(records: Sequence[Record]) -> list[Record]:
    """Returns the entries of best checkpoints, for records that have one."""
    return [record["best"] for record in records if "best" in record]


def values(records: Sequence[Record], metric: str) -> list[float]:
    """Returns a metric's values from all records that have it."""
    return [record["metrics"][metric] for record in records if metric in record["metrics"]]


def quantity(numbers: Sequence[float], unit: str, std: float | None = None) -> str:
    """Formats mean ± standard deviation; percentages of records are stored as fractions.

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


def published(reference: Mapping[str, Any]) -> str:
    """Returns the paper's number as text, or "" if there is none."""
    if reference["value"] is None:
        return ""
    return quantity([reference["value"]], reference["unit"], reference.get("std"))


def verdict(experiment: Experiment, records: Sequence[Record], reference: Mapping[str, Any]) -> str:
    """Returns the state of one metric: not measured, of an earlier configuration, unfinished, or the comparison.

    Two quantities are *within* each other's spread if the intervals mean ± standard deviation overlap; if neither
    spread is known, the tolerance is 1 % of the paper's number. If runs kept a best checkpoint, it is compared.
    """
    last, best = values(records, reference["metric"]), values(bests(records), reference["metric"])
    if not last:
        return "not measured"
    if records[0]["config_hash"] != experiment["config_hash"]:
        return "earlier configuration"
    unfinished = [record for record in records if record["rounds"] < record["of_rounds"]]
    if unfinished:
        return f"unfinished: round {unfinished[0]['rounds']:,} of {unfinished[0]['of_rounds']:,}"
    if reference["value"] is None:
        return "measured"
    ours = best or last
    spreads = [reference.get("std"), statistics.stdev(ours) if len(ours) > 1 else None]
    known = [spread for spread in spreads if spread is not None] or [abs(reference["value"]) / 100]
    return "within" if abs(statistics.mean(ours) - reference["value"]) <= sum(known) else "beyond"
