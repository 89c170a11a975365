"""Experiments as Hydra lists them, and what makes one complete."""

import re

import pytest
from hydra import initialize_config_dir

from genzoo.core.errors import GenzooError
from genzoo.results.experiments import checked, list_experiments
from genzoo.results.tables import read_tables
from support import ROOT
from support.results_rows import EXPERIMENT, FURTHER, NAMES


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
