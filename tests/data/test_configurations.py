"""Every conf/data/*.yaml, without data."""

import inspect

import pytest
from omegaconf import OmegaConf
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.signatures import settings_of
from genzoo.runs.build import build_data
from support import IMAGE_SETS, composed

OWN = ("images", "lsun", "stream", "two_folders", "facade_windows")  # of which much is said by files, or here alone


def configuration(name, *overrides):
    return OmegaConf.to_container(composed(f"data={name}", *overrides), resolve=True)


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(100):
        Image.new("RGB", (9, 9), (i, 0, 0)).save(folder / f"{i}.png")
    return folder


@pytest.mark.parametrize("name", [name for name in IMAGE_SETS if name not in OWN])
def test_its_settings_are_the_defaults_of_the_class(name):
    config = configuration(name)["data"]
    module, _, target = config.pop("_target_").rpartition(".")
    found = getattr(__import__(module, fromlist=[target]), target)
    signature, _ = settings_of(found)
    splits = composed(f"data={name}").recipe.get("splits", {})
    for key in set(signature) & set(config) - {"root", "batch_size", "rounds", "seed"}:
        if key in found.facts or signature[key].default is inspect.Parameter.empty:
            continue
        if key != "train_size" or name not in splits:
            default = signature[key].default
            assert config[key] == (list(default) if isinstance(default, tuple) else default), key


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
