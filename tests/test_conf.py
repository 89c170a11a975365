"""The shape of conf/: how many files a reader opens, and that nothing is written many times."""

import re

import pytest
import yaml

from support import ROOT, resolved

FILES = {path.stem: path.read_text() for path in (ROOT / "conf" / "model").glob("*.yaml")}


def parents(name):
    """The files of conf/model that a file builds on."""
    defaults = yaml.safe_load(FILES[name]).get("defaults", [])
    return [one for one in defaults if isinstance(one, str)]


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_model_is_at_most_two_files(name):
    """But for a bonus on top of an algorithm: three."""
    assert len([one for one in parents(name) if one != "_vime"]) <= 1
    for parent in parents(name):
        assert parents(parent) == []


def test_each_part_is_shared():
    used = [parent for name in FILES for parent in parents(name)]
    assert {name for name in FILES if name.startswith("_") and used.count(name) < 2} == set()


def test_widths_and_shapes_are_defined_once():
    for name, text in FILES.items():
        assert not re.search(r"trainer\.width|\$\{data\.(size|channels)\}", text), name
    config = resolved("model=dcgan", "data=shapes", "data.size=64", "trainer=smoke")
    assert (config["width"], config["shape"]) == ({"channels": 4}, [3, 64, 64])
    assert config["model"]["generator"]["channels"] == 4
    assert config["model"]["discriminator"]["shape"] == [3, 64, 64]
