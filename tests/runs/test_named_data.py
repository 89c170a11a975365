import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from PIL import Image

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError
from genzoo.runs.named_data import NamedData
from support import ROOT

DIGITS = DataSpec("digits", shape=(1, 28, 28), levels=2)


@pytest.mark.parametrize("name", ["noise", "shapes"])
@pytest.mark.parametrize("spec", [DIGITS, DataSpec("photographs", shape=(3, 32, 32))])
def test_settings_follow_the_other_set(name, spec, tmp_path):
    data = NamedData(name, tmp_path)(spec)
    assert (data.name, *data.spec[1:3]) == (name, *spec[1:3])


@pytest.mark.parametrize(("name", "levels"), [("omniglot", 2), ("mnist", 256), ("binarized_mnist", 2)])
def test_facts_stay_and_files_lie_where_this_machine_keeps_them(name, levels, tmp_path):
    data = NamedData(name, tmp_path)(DIGITS)
    assert (data.name, data.spec.levels, data.root) == (name, levels, tmp_path)
    assert NamedData(name, tmp_path)(DIGITS._replace(shape=(3, 32, 32))).spec.shape == (1, 28, 28)


def test_options_go_before_all(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    data = NamedData("images", "nowhere", {"root": str(tmp_path), "size": 14})(DIGITS)
    assert data.spec[1:3] == ((1, 14, 14), 256)
    assert len(data.split("train").images) == 1


def test_a_folder_that_is_not_given_is_asked_for(tmp_path):
    for name, key in (("images", "root"), ("arrays", "file"), ("huggingface", "path")):
        message = rf"^metrics.against={name}: data.{key} is required; give \+metrics.anomaly.data.options.{key}="
        with pytest.raises(GenzooError, match=message):
            NamedData(name, tmp_path)


def test_what_the_set_finds_wrong_is_told_with_its_name(tmp_path):
    with pytest.raises(GenzooError, match=r"^metrics.against=olivetti_faces: data.size=28: 64 .* or 32"):
        NamedData("olivetti_faces", tmp_path)(DIGITS)
    message = (
        r"^metrics.against=noise: metrics\.anomaly\.data\.options\.noize_seed: Noise has no such setting.*noise_seed"
    )
    with pytest.raises(GenzooError, match=message):
        NamedData("noise", tmp_path, {"noize_seed": 1})(DIGITS)


def test_names_of_the_users_own_configurations_are_known(tmp_path):
    (tmp_path / "data").mkdir()
    text = (ROOT / "conf" / "data" / "noise.yaml").read_text().replace("noise_seed: 0", "noise_seed: 7")
    (tmp_path / "data" / "qqqq.yaml").write_text(text)
    with pytest.raises(GenzooError, match=r"^metrics.against=qqqq: there is no such data set\. Accepted: .*brown"):
        NamedData("qqqq", tmp_path)
    search = f"hydra.searchpath=[file://{tmp_path}]"
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("evaluate", ["ckpt=x", search], return_hydra_config=True)
    try:
        HydraConfig.instance().set_config(config)
        assert NamedData("qqqq", tmp_path)(DIGITS).noise_seed == 7
    finally:
        HydraConfig.instance().cfg = None
