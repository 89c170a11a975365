"""Records of published runs, from which the results pages are written.

A record is the ``metrics.json`` of a run (or of an evaluation of its checkpoint) of a ``conf/experiment``, kept as
``results/<experiment>/seed<seed>.json``.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genzoo.core.errors import GenzooError
from genzoo.core.files import read_json, write_json

# Required entries of a record, and their types.
ENTRIES: Mapping[str, type | tuple[type, ...]] = {
    "experiment": str,
    "seed": int,
    "metrics": dict,
    "rounds": int,
    "of_rounds": int,
    "config_hash": str,
    "trained_by": str,
    "measured_by": str,
    "date": str,
    "device": str,
    "marks": list,
}


def references(experiment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the references of the main metric and of further metrics; a value of None = not in the paper."""
    return [experiment["reference"], *experiment.get("further", ())]


def publish(path: Path, results: Path, experiment_of: Callable[[str], Mapping[str, Any] | None]) -> Path:
    """Stores the metrics of a run, or of an evaluation of its last checkpoint, as a record.

    Args:
        path: a folder with ``metrics.json``.
        results: the folder of records.
        experiment_of: name -> experiment with the hash of its configuration, or None if there is no such experiment.

    Returns:
        The path of the record.

    Raises:
        GenzooError: there are no metrics, or they must not be published.
    """
    record = read_record(path / "metrics.json")
    experiment = experiment_of(record["experiment"])
    for refused, why in (
        (experiment is None, f"there is no experiment {record['experiment']}"),
        (record["marks"], f"the run is marked {', '.join(record['marks'])}"),
        ("dirty" in record["trained_by"] + record["measured_by"], "its code was not committed"),
        (record.get("checkpoint", "last.ckpt") != "last.ckpt", f"it measures {record.get('checkpoint')}"),
        (
            experiment and record["config_hash"] != experiment["config_hash"],
            "its configuration differs from the experiment's",
        ),
        (
            experiment and record["metrics"].get("test/members") != experiment.get("members"),
            "its number of members differs from the experiment's",
        ),
        (
            experiment and not {r["metric"] for r in references(experiment)} & record["metrics"].keys(),
            "it lacks the experiment's metrics",
        ),
    ):
        if refused:
            raise GenzooError(f"publish={path}: not published, since {why}; publish an unchanged run of an experiment.")
    target = results / record["experiment"] / f"seed{record['seed']}.json"
    write_json(target, record)
    return target


def read_records(results: Path) -> dict[str, list[dict[str, Any]]]:
    """Reads experiment -> records in the order of their seeds.

    Raises:
        GenzooError: a record is damaged.
    """
    records: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(results.glob("**/*.json")):
        record = read_record(path)
        records.setdefault(record["experiment"], []).append(record)
    return {name: sorted(found, key=lambda record: record["seed"]) for name, found in records.items()}


def read_record(path: Path) -> dict[str, Any]:
    """Reads one record.

    Raises:
        GenzooError: the file is missing or damaged.
    """
    try:
        record = read_json(path)
    except FileNotFoundError as error:
        raise GenzooError(f"{path}: there is no such file; give the folder of a finished run or evaluation.") from error
    except (ValueError, OSError) as error:
        raise GenzooError(f"{path}: the record is damaged ({error}); publish its run again.") from error
    if isinstance(record, dict) and record.get("experiment") is None:
        raise GenzooError(f"{path}: the run has no experiment; train with experiment=<one of conf/experiment>.")
    for key, kind in ENTRIES.items():
        if not isinstance(record, dict) or not isinstance(record.get(key), kind) or isinstance(record[key], bool):
            raise GenzooError(f"{path}: the record is damaged ({key} is missing or wrong); publish its run again.")
    best = record.get("best", {"metrics": {}})
    if not isinstance(best, dict) or not isinstance(best.get("metrics"), dict):
        raise GenzooError(f"{path}: the record is damaged (best is wrong); publish its run again.")
    for name, value in {**record["metrics"], **best["metrics"]}.items():
        if not isinstance(value, int | float) or abs(value) >= 2**1023:
            raise GenzooError(f"{path}: the record is damaged ({name} is not a number); publish its run again.")
    return record
