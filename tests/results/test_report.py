"""Every experiment composes; the report as the command line writes it."""

import functools
import json
from pathlib import Path

import pytest
from hydra import initialize_config_dir

from genzoo.core.errors import GenzooError
from genzoo.results import report
from genzoo.results.experiments import read_experiment
from genzoo.results.tables import read_tables
from support import RECORD, ROOT, composed
from support.results_rows import NAMES

TABLES = ROOT / "conf" / "tables"


@pytest.fixture(autouse=True)
def _read_once(monkeypatch):
    monkeypatch.setattr(report, "read_experiment", _read_experiment)  # composing all of them takes a minute
    monkeypatch.chdir(ROOT)


_read_experiment = functools.cache(read_experiment)


def written(**given):
    """The overview as the command line writes it."""
    cfg = composed(name="report")
    for key, value in given.items():
        cfg[key] = str(value) if isinstance(value, Path) else value
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return report.write_report(cfg)


def covering_cells():
    """As few cells of each table as hold every key of every axis: cells differ in nothing else."""
    for table in read_tables(TABLES):
        waiting = {(axis, key) for axis, keys in table.axes.items() for key in keys}
        while waiting:
            cell = max(table.experiments, key=lambda cell: len(waiting & set(zip(table.axes, cell, strict=True))))
            waiting -= set(zip(table.axes, cell, strict=True))
            yield table.experiments[cell]["experiment"]["name"]


@pytest.mark.parametrize("name", [*NAMES, *covering_cells()])
def test_an_experiment_composes_and_carries_its_reference(name):
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        experiment = _read_experiment(name)
    assert experiment["reference"]["metric"].startswith("test/")


def test_pages_are_written_and_runs_are_published_on_the_way(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(report, "list_experiments", lambda: ["infogan/mnist", "gan/mnist"])  # reading all takes long
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config_hash = _read_experiment("infogan/mnist")["config_hash"]
    record = RECORD | {"metrics": {"test/code_error_one_to_one": 0.5}, "config_hash": config_hash}
    runs = [tmp_path / "one", tmp_path / "two"]
    for seed, run in enumerate(runs):
        run.mkdir()
        (run / "metrics.json").write_text(json.dumps(record | {"seed": seed}))
    given = {"results": tmp_path / "results", "page": tmp_path / "RESULTS.md"}
    assert "(n = 1) beyond" in written(publish=str(runs[0]), **given).replace("|", "").replace("  ", " ")
    text = written(publish=[*map(str, runs)], **given)
    assert "50.00 ± 0.00 % (n = 2)" in text
    assert (tmp_path / "RESULTS.md").read_text() == text
    assert "seed=0,1" in (tmp_path / "results" / "infogan.md").read_text()
    assert text in capsys.readouterr().out

    (tmp_path / "results" / "infogan" / "mnist" / "seed1.json").write_text(json.dumps(record | {"experiment": "c/d"}))
    with pytest.raises(GenzooError, match="no experiment c/d for its records"):
        written(**given)


def test_the_committed_pages_are_what_the_report_prints(tmp_path):
    text = written(results=ROOT / "results", page=tmp_path / "RESULTS.md")
    assert (ROOT / "docs" / "RESULTS.md").read_text() == text, "run genzoo report"
    pages = {path.name: path.read_text() for path in (tmp_path / "results").glob("*.md")}
    assert {path.name: path.read_text() for path in (ROOT / "docs" / "results").glob("*.md")} == pages
    assert {table.paper for table in read_tables(TABLES)} <= {name.removesuffix(".md") for name in pages}
