"""Every conf/data/*.yaml, without data."""

import inspect

import pytest
from omegaconf import OmegaConf
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.registry import check_targets
from genzoo.data.images import ImageFolder
from genzoo.data.shard_writer import write_shards
from genzoo.runs.build import build_data
from support import DATA, ENVIRONMENTS, IMAGE_SETS, composed

FOLDERS = ("images", "lsun", "stream")  # look into their folder when they are built


def configuration(name, *overrides):
    return OmegaConf.to_container(composed(f"data={name}", *overrides), resolve=True)


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(100):
        Image.new("RGB", (9, 9), (i, 0, 0)).save(folder / f"{i}.png")
    return folder


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_it_builds_what_it_says(name, pictures, tmp_path):
    if name == "stream":
        pictures = write_shards(ImageFolder(pictures, size=128), tmp_path / "shards").root
    config = configuration(name, f"paths.data={tmp_path}", *([f"data.root={pictures}"] if name in FOLDERS else []))
    check_targets(config["data"])
    data, said = build_data(config), config["data"]
    assert data.name == ("images" if name == "lsun" else name)
    for key in ("size", "channels", "levels", "classes"):
        assert said.get(key) in (getattr(data.spec, key), None)
    assert (data.batch_size, data.rounds, data.seed) == (said["batch_size"], said["rounds"], said["seed"])


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_what_it_says(name):
    chosen = {"id": "Pendulum-v1", "observations": 3, "actions": 1, "policy": "Gaussian"} if name == "gymnasium" else {}
    overrides = [f"data.{key}={value}" for key, value in chosen.items()]
    config = configuration(name, "model=trpo", "recipe.batch_size=7", "trainer.rounds=5", "seed=3", *overrides)
    check_targets(config["data"])
    data = build_data(config)
    assert (data.name, data.batch_size, data.rounds, data.seed) == (name, 7, 5, 3)
    if "mujoco" in DATA[name]:
        pytest.importorskip("mujoco", reason="the extra mujoco is not installed")
    assert data.spec.observations == config["data"]["observations"]  # which it has checked


@pytest.mark.parametrize("name", [name for name in IMAGE_SETS if name not in FOLDERS])
def test_its_settings_are_the_defaults_of_the_class(name):
    config = configuration(name)["data"]
    module, _, target = config.pop("_target_").rpartition(".")
    signature = inspect.signature(getattr(__import__(module, fromlist=[target]), target)).parameters
    splits = composed(f"data={name}").recipe.get("splits", {})
    for key in set(signature) & set(config) - {"root", "batch_size", "rounds", "seed"}:
        if key != "train_size" or name not in splits:
            assert config[key] == signature[key].default, key


@pytest.mark.parametrize("name", ["cifar10", "svhn"])
def test_a_recipe_chooses_its_training_images(name):
    assert configuration(name, f"+recipe.splits.{name}=40000")["data"]["train_size"] == 40_000


def test_lsun_is_a_folder_of_a_category(tmp_path, pictures):
    pictures.rename(tmp_path / "bedroom")
    (tmp_path / "lsun").mkdir()
    (tmp_path / "bedroom").rename(tmp_path / "lsun" / "bedroom")
    data = build_data(configuration("lsun", f"paths.data={tmp_path}"))
    assert [len(data.split(split).images) for split in ("train", "validation", "test")] == [98, 1, 1]
    assert data.split("train").images.shape[1:] == (3, 64, 64)


def test_lsun_exported_into_subfolders_is_refused(tmp_path):
    for prefix in "ab":
        folder = tmp_path / "lsun" / "bedroom" / prefix
        folder.mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(folder / "1.webp")
    with pytest.raises(GenzooError, match=r"data.classes=0: .*lsun/bedroom has 2"):
        build_data(configuration("lsun", f"paths.data={tmp_path}"))
