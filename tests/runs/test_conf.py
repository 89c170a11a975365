"""Where configurations are found: genzoo's own from any folder, beside those of a project."""

from hydra import compose, initialize_config_dir

from genzoo.runs.conf import CONF
from support import ROOT, composed


def test_a_checkouts_configurations_are_at_its_top():
    assert CONF == ROOT / "conf"


def test_a_project_extends_genzoos_models_and_tables_in_a_folder_of_its_own(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("defaults: [lsgan]\nhistorical_averaging: 3\n")
    (tmp_path / "tables").mkdir()
    text = (CONF / "tables" / "gail.yaml").read_text().split("\n\n")[0]
    (tmp_path / "tables" / "ours.yaml").write_text(text)
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        mine = compose("train", ["model=mine"])
        row, own = (compose("train", [f"experiment={paper}/cartpole_4"]) for paper in ("gail", "ours"))
    assert mine.model == {**composed("model=lsgan").model, "historical_averaging": 3}
    assert row == composed("experiment=gail/cartpole_4")
    assert own.experiment.name == "ours/cartpole_4"
