"""The page that puts the papers' numbers beside ours."""

import functools
import json
import re
from pathlib import Path

import pytest
from hydra import initialize_config_dir

from genzoo import comparison
from genzoo.comparison import checked, page, write_report
from genzoo.core.errors import GenzooError
from support import RECORD, ROOT, composed

EXPERIMENT = {
    "name": "a/b",
    "title": "A on B",
    "config_hash": "abc",
    "reference": {"metric": "test/x", "unit": "%", "value": 0.05, "std": 0.01, "source": "arXiv 1, table 2"},
}
FOLDER = ROOT / "conf" / "experiment"
EXPERIMENTS = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.glob("**/*.yaml"))

read_experiment = functools.cache(comparison.read_experiment)  # composing all of them takes a minute


@pytest.fixture(autouse=True)
def _read_once(monkeypatch):
    monkeypatch.setattr(comparison, "read_experiment", read_experiment)


def record(seed, value, **changes):
    return RECORD | {"experiment": "a/b", "seed": seed, "metrics": {"test/x": value}} | changes


def row(*records, **changes):
    """The cells of the one row of the table."""
    text = page([EXPERIMENT | changes], {"a/b": records} if records else {})
    (line,) = [line for line in text.splitlines() if line.startswith("| A on B |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_mean_and_standard_deviation_over_seeds_stand_beside_the_papers():
    # Mean and sample standard deviation of 4, 6 and 8 are 6 and 2.
    assert row(record(0, 0.04), record(1, 0.06), record(2, 0.08)) == [
        "5.00 ± 1.00 %",
        "6.00 ± 2.00 % (n = 3)",
        "",
        "measured",
    ]


def test_last_and_best_are_told_apart():
    best = {"rounds": 7, "metrics": {"test/x": 0.02}}
    assert row(record(0, 0.04, best=best))[1:] == ["4.00 % (n = 1)", "2.00 % (n = 1)", "measured"]


@pytest.mark.parametrize(
    ("records", "changes", "state"),
    [
        ((), {}, "not measured"),
        ((record(0, 0.1, metrics={"test/y": 1.0}),), {}, "not measured"),
        ((record(0, 0.1), record(1, 0.1, rounds=1500, of_rounds=2000)), {}, "unfinished: round 1,500 of 2,000"),
        ((record(0, 0.1, config_hash="older"),), {}, "measured with an earlier configuration"),
        ((record(0, 0.1),), {"reconstruction": True}, "reconstruction, measured"),
        ((), {"reconstruction": True}, "reconstruction, not measured"),
    ],
)
def test_the_state_says_what_a_number_is_worth(records, changes, state):
    assert row(*records, **changes)[-1] == state


def test_records_of_an_earlier_configuration_do_not_mix_with_those_of_the_present_one():
    assert row(record(0, 0.04), record(1, 0.5, config_hash="older"))[1:] == ["4.00 % (n = 1)", "", "measured"]


def test_what_is_left_out_is_said_below_the_table():
    lines = page([EXPERIMENT], {}, ["the humanoid. No expert."]).splitlines()
    table, details = lines.index("|---|---|---|---|---|"), lines.index(f"## {EXPERIMENT['title']}")
    assert table < lines.index("- the humanoid. No expert.") < details
    assert "Left out:" not in page([EXPERIMENT], {})


def test_details_give_source_command_and_every_seed():
    text = page([EXPERIMENT], {"a/b": [record(0, 0.04), record(3, 0.06)]})
    assert "Metric: `test/x`. Paper, 5.00 ± 1.00 %: arXiv 1, table 2.\n" in text
    assert "    python train.py -m experiment=a/b seed=0,3\n" in text
    assert "| 3 | 6.00 % |  | 10 of 10 | 0.1.0+1234567 | 0.1.0+1234567 | CPU | 2026-01-02 |" in text
    assert "    python train.py experiment=a/b seed=0\n" in page([EXPERIMENT], {})


def test_further_metrics_have_their_own_rows_and_columns():
    further = [
        {"metric": "test/y", "unit": "", "value": 42.6, "std": None, "source": "arXiv 2"},
        {"metric": "test/z", "unit": "", "value": None, "source": None},
    ]
    found = [record(0, 0.04, metrics={"test/x": 0.04, "test/y": 50.0})]
    text = page([EXPERIMENT | {"further": further}], {"a/b": found})
    assert "| A on B | 5.00 ± 1.00 % | 4.00 % (n = 1) |  | measured |" in text
    assert "|   its `test/y` | 42.60 | 50.00 (n = 1) |  | measured |" in text
    assert "|   its `test/z` |  |  |  | not measured |" in text
    assert "Metric: `test/y`. Paper, 42.60: arXiv 2.\n" in text
    assert "Metric: `test/z`.\n" in text
    assert "| seed | test/x | best test/x | test/y | best test/y | test/z | best test/z | rounds |" in text
    assert "| 0 | 4.00 % |  | 50.00 |  |  |  | 10 of 10 |" in text
    with pytest.raises(GenzooError, match="experiment=a/b: a reference lacks unit, value, source"):
        checked(EXPERIMENT | {"further": [{"metric": "test/y"}]}, "a/b")


def test_records_of_an_unknown_experiment_are_named():
    with pytest.raises(GenzooError, match=r"no conf/experiment/c/d\.yaml"):
        page([EXPERIMENT], {"c/d": [RECORD]})


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_composes_and_carries_its_reference(name):
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        experiment = read_experiment(name)
    assert experiment["reference"]["metric"].startswith("test/")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"reference": {"metric": "test/x", "unit": "%"}},
            "experiment=a/b: a reference lacks value, source;",
        ),
        ({"reference": None}, "lacks metric, unit, value, source"),
        ({"reference": {}}, "lacks metric, unit, value, source"),
        ({"name": "a/c"}, "needs experiment.name=a/b and a title"),
    ],
)
def test_an_incomplete_experiment_is_named(changes, message):
    assert checked(EXPERIMENT, "a/b") is EXPERIMENT
    with pytest.raises(GenzooError, match=re.escape(message)):
        checked(EXPERIMENT | changes, "a/b")


def written(**given):
    """The page as the command line writes it."""
    cfg = composed(name="report")
    cfg.experiments = str(FOLDER)
    for key, value in given.items():
        cfg[key] = str(value) if isinstance(value, Path) else value
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return write_report(cfg)


@pytest.mark.parametrize(
    ("publish", "n"), [(lambda runs: str(runs[0]), 1), (lambda runs: [*map(str, runs)], 2)], ids=["one", "two"]
)
def test_the_page_is_written_and_runs_are_published_on_the_way(publish, n, tmp_path, capsys):
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config_hash = read_experiment("infogan/mnist")["config_hash"]
    record = RECORD | {"metrics": {"test/code_error_one_to_one": 0.5}, "config_hash": config_hash}
    runs = [tmp_path / "one", tmp_path / "two"]
    for seed, run in enumerate(runs):
        run.mkdir()
        (run / "metrics.json").write_text(json.dumps(record | {"seed": seed}))
    text = written(publish=publish(runs), results=tmp_path / "results", page=tmp_path / "RESULTS.md")
    assert (tmp_path / "RESULTS.md").read_text() == text
    assert f"(n = {n}) |  | measured |" in text
    assert text in capsys.readouterr().out


def test_the_committed_page_is_what_the_report_prints(tmp_path):
    text = written(results=ROOT / "results", page=tmp_path / "RESULTS.md")
    assert (ROOT / "docs" / "RESULTS.md").read_text() == text, "run python report.py"
    rows = [text.index(f"| Improved GAN on MNIST, {n} labels: test errors") for n in (20, 50, 100, 200)]
    assert rows == sorted(rows)


def test_an_ensembles_command_says_how_its_members_are_trained():
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        text = page([read_experiment("improved_gan/mnist_100_ensemble")], {})
    command = "python train.py -m experiment=improved_gan/mnist_100_ensemble seed=0,1,2,3,4,5,6,7,8,9 data.label_seed=0"
    assert f"    {command}\n    python evaluate.py ckpt=<the folder of a sweep>" in text
