"""Tables of papers as data."""

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from genzoo.core.errors import GenzooError
from genzoo.results.tables import read_tables
from support import ROOT, composed

TABLE = """
small:
  caption: Errors
  row: "{data[key]}_{labels[key]}{system[suffix]}"
  title: "{system[title]} on {data[title]}, {labels[key]} labels"
  reference: {metric: test/errors, unit: "", seeds: 10, source: "arXiv 1, table {data[table]}"}
  choose: {model: gan}
  set: {data: {label_seed: 7}, recipe: {rounds: 100}}
  axes:
    data: {mnist: {title: MNIST, table: 3, choose: {data: mnist}}}
    labels: {20: {set: {data: {labels_per_class: 2}}}, 100: {set: {data: {labels_per_class: 10}}}}
    system: {one: {title: One, suffix: ""}, many: {title: Many, suffix: _many, choose: {model: dcgan}}}
  where:
    - {labels: [100], system: [many], set: {recipe: {rounds: 300}}}
  values:
    mnist:
      20: {one: [1677, 452]}
      100: {one: [], many: [93, 6.5, 3]}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "paper.yaml").write_text(TABLE)
    return tmp_path


def test_a_cell_is_the_experiment_that_a_file_would_hold(folder):
    (table,) = read_tables(folder)
    assert table.paper == "paper"
    assert table.caption == "Errors"
    assert table.experiments["mnist", 100, "many"] == {
        "defaults": [{"override /model": "dcgan"}, {"override /data": "mnist"}],
        "data": {"label_seed": 7, "labels_per_class": 10},
        "recipe": {"rounds": 300},
        "experiment": {
            "name": "paper/mnist_100_many",
            "title": "Many on MNIST, 100 labels",
            "reference": {
                "metric": "test/errors",
                "unit": "",
                "value": 93,
                "std": 6.5,
                "seeds": 3,
                "source": "arXiv 1, table 3",
            },
        },
    }


def test_only_cells_with_an_entry_exist_and_an_empty_one_has_no_published_number(folder):
    (table,) = read_tables(folder)
    assert list(table.experiments) == [("mnist", 20, "one"), ("mnist", 100, "one"), ("mnist", 100, "many")]
    assert table.experiments["mnist", 20, "one"]["recipe"] == {"rounds": 100}
    reference = table.experiments["mnist", 100, "one"]["experiment"]["reference"]
    assert reference == {"metric": "test/errors", "unit": "", "value": None, "std": None, "seeds": None, "source": None}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("axes:", "axis:", "'axes'"),
        ("many: [93, 6.5, 3]", "some: [93, 6.5, 3]", "'some'"),
        ("{data[table]}", "{data[page]}", "'page'"),
        ("labels: [100]", "label: [100]", "'label'"),
    ],
)
def test_an_incomplete_table_is_named(folder, old, new, message):
    (folder / "paper.yaml").write_text(TABLE.replace(old, new))
    with pytest.raises(GenzooError, match=rf"paper\.yaml: table small is incomplete .*{message}"):
        read_tables(folder)


def test_published_numbers_are_those_of_the_papers():
    # Read in the papers' tables by hand.
    nodes = [node for table in read_tables(ROOT / "conf" / "tables") for node in table.experiments.values()]
    found = {node["experiment"]["name"]: node["experiment"] for node in nodes}
    numbers = {name: (e["reference"]["value"], e["reference"]["std"]) for name, e in found.items()}
    assert numbers["gail/hopper_18_gtal"] == (3201.05, 6.74)
    assert numbers["gail/reacher_18_entropy_1e-2"] == (-5.04, 2.22)
    assert numbers["improved_gan/mnist_50_ensemble"] == (142, 96)
    assert numbers["improved_gan/cifar10_8000"] == (0.1772, 0.0182)
    assert numbers["iaf/cifar10_bottom_up_linear_depth8"] == (3.55, None)
    assert [r["value"] for r in found["iaf/mnist_depth4_width1920"]["further"]] == [80.93]


def test_hydra_composes_a_cell_like_a_file():
    cfg = composed("experiment=gail/half_cheetah_11_fem")
    assert cfg.recipe.name == "fem"
    assert (cfg.recipe.rounds, cfg.recipe.batch_size) == (501, 50000)
    assert (cfg.data.name, cfg.data.trajectories, cfg.data.demonstrations) == ("half_cheetah", 11, "half_cheetah.npz")


def test_a_table_beside_another_primary_configuration_is_found(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "tables" / "foreign_paper.yaml").write_text(
        yaml.safe_dump(
            {
                "one": {
                    "caption": "c",
                    "row": "{model[key]}",
                    "title": "t",
                    "reference": {"metric": "test/x", "unit": "", "source": "s"},
                    "axes": {"model": {"mine": {"choose": {"model": "mine"}}}},
                    "values": {"mine": [1.0]},
                }
            }
        )
    )
    (tmp_path / "model" / "mine.yaml").write_text("size: 3\n")
    (tmp_path / "model" / "other.yaml").write_text("size: 4\n")
    (tmp_path / "train.yaml").write_text("defaults: [model: other, experiment: null, _self_]\n")
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        cfg = compose("train", ["experiment=foreign_paper/mine"])
    assert OmegaConf.to_container(cfg.model) == {"size": 3}
