"""Experiments as Hydra composes them."""

import re

import pytest
from hydra import initialize_config_dir

from genzoo.core.errors import GenzooError
from genzoo.results.experiments import checked, list_experiments, read_experiment
from genzoo.results.tables import read_tables
from support import ROOT
from support.results_rows import EXPERIMENT, FURTHER

FILES = ROOT / "conf" / "experiment"


def covering_cells():
    """As few cells of each table as hold every key of every axis: cells differ in nothing else."""
    for table in read_tables(ROOT / "conf" / "tables"):
        waiting = {(axis, key) for axis, keys in table.axes.items() for key in keys}
        while waiting:
            cell = max(table.experiments, key=lambda cell: len(waiting & set(zip(table.axes, cell, strict=True))))
            waiting -= set(zip(table.axes, cell, strict=True))
            yield table.experiments[cell]["experiment"]["name"]


NAMES = [str(path.relative_to(FILES).with_suffix("")) for path in sorted(FILES.glob("**/*.yaml"))]


@pytest.mark.parametrize("name", [*NAMES, *covering_cells()])
def test_an_experiment_composes_and_carries_its_reference(name):
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        experiment = read_experiment(name)
    assert experiment["reference"]["metric"].startswith("test/")


def test_files_and_tables_are_listed_in_natural_order():
    cells = [n["experiment"]["name"] for t in read_tables(ROOT / "conf" / "tables") for n in t.experiments.values()]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        found = list_experiments()
    assert sorted(found) == sorted([*NAMES, *cells])
    rows = [found.index(f"improved_gan/mnist_{n}") for n in (20, 50, 100, 200)]
    assert rows == sorted(rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reference": {"metric": "test/x", "unit": "%"}}, "experiment=a/b: a reference lacks value, source;"),
        ({"reference": None}, "lacks metric, unit, value, source"),
        ({"reference": {}}, "lacks metric, unit, value, source"),
        ({"further": [{"metric": "test/y"}]}, "experiment=a/b: a reference lacks unit, value, source"),
        ({"name": "a/c"}, "needs experiment.name=a/b and a title"),
    ],
)
def test_an_incomplete_experiment_is_named(changes, message):
    assert checked(EXPERIMENT | {"further": FURTHER}, "a/b")
    with pytest.raises(GenzooError, match=re.escape(message)):
        checked(EXPERIMENT | changes, "a/b")
