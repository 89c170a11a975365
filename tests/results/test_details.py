"""A paper's page of runs."""

from genzoo.results.details import details
from support.results_rows import EXPERIMENT, FURTHER, record


def text(experiment=EXPERIMENT, *records):
    return details("A", [experiment], {"a/b": records} if records else {})


def test_source_command_and_every_seed():
    found = text(EXPERIMENT, record(0, 0.04, processor_seconds=90.0), record(3, 0.06, seconds=120.0))
    assert "Metric: `test/x`. Paper, 5.00 ± 1.00 %: arXiv 1, table 2.\n" in found
    assert "    python train.py -m experiment=a/b seed=0,3\n" in found
    assert "| 0 | 4.00 % |  | 10 of 10 | 1.5 | 0.1.0+1234567 | 0.1.0+1234567 | CPU | 2026-01-02 |" in found
    assert "| 3 | 6.00 % |  | 10 of 10 | 2.0 by the clock | 0.1.0+1234567 | 0.1.0+1234567 | CPU | 2026-01-02 |" in found
    assert "    python train.py experiment=a/b seed=0\n" in text()


def test_last_and_best_checkpoints_and_further_metrics_have_columns():
    best = {"rounds": 7, "metrics": {"test/x": 0.02}}
    found = text(
        EXPERIMENT | {"further": FURTHER}, record(0, 0.04, metrics={"test/x": 0.04, "test/y": 50.0}, best=best)
    )
    assert "Metric: `test/y`. Paper, 42.60: arXiv 2.\n" in found
    assert "Metric: `test/z`.\n" in found
    assert "| seed | test/x | best test/x | test/y | best test/y | test/z | best test/z | rounds |" in found
    assert "| 0 | 4.00 % | 2.00 % | 50.00 |  |  |  | 10 of 10 |" in found


def test_measured_rows_come_first():
    other = EXPERIMENT | {"name": "a/c", "title": "A on C"}
    found = details("A", [other, EXPERIMENT], {"a/b": [record(0, 0.04)]})
    assert found.index("## A on B") < found.index("## A on C")


def test_an_ensembles_command_trains_its_members_then_measures_them():
    found = text(EXPERIMENT | {"members": 10})
    command = "python train.py -m experiment=a/b seed=0,1,2,3,4,5,6,7,8,9 data.label_seed=0"
    assert f"    {command}\n    python evaluate.py ckpt=<the folder of a sweep>" in found
