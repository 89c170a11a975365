import builtins
import os

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.data.huggingface import HuggingFace
from genzoo.data.module import SPLITS

os.environ["HF_HUB_OFFLINE"] = "1"
datasets = pytest.importorskip("datasets")
datasets.disable_progress_bars()

NAMES = ["dog", "cat"]  # not in the order of the alphabet


def made(numbers, labels=None, kind=None):
    """A set of images, all pixels of which are their number, and labels."""
    pictures = [Image.fromarray(np.full((4, 4, 3), i, np.uint8)) for i in numbers]
    labels = [i % 2 for i in numbers] if labels is None else labels
    features = {"image": datasets.Image(), "label": kind or datasets.ClassLabel(names=NAMES)}
    return datasets.Dataset.from_dict({"image": pictures, "label": labels}, datasets.Features(features))


def labels_of(data, split=None):
    """Image -> label."""
    found = {}
    for one in SPLITS if split is None else [split]:
        images, labels, *_ = data.split(one)
        found |= {image.unique().item(): label for image, label in zip(images, labels.tolist(), strict=True)}
    return found


def test_a_saved_set_of_one_split(tmp_path):
    made(range(40)).shuffle(seed=0).save_to_disk(tmp_path / "x", num_shards=3)
    data = HuggingFace(tmp_path / "x", size=4, n_validation=6, n_test=4)
    assert [data.count(split) for split in SPLITS] == [30, 6, 4]
    assert labels_of(data) == {i: i % 2 for i in range(40)}
    assert (data.spec.classes, data.class_names, data.source) == (2, NAMES, "huggingface")


def test_saved_splits_are_kept_and_others_left_out(tmp_path):
    parts = {"train": range(20), "test": range(20, 25), "extra": range(30, 40)}
    datasets.DatasetDict({name: made(some) for name, some in parts.items()}).save_to_disk(tmp_path / "x")
    data = HuggingFace(tmp_path / "x", size=4, n_validation=5)
    assert labels_of(data, "test").keys() == set(range(20, 25))
    assert labels_of(data, "train").keys() | labels_of(data, "validation").keys() == set(range(20))
    assert data.describe().endswith("5 test images (splits of the data); 2 classes: dog, cat; left out: extra")
    assert labels_of(HuggingFace(tmp_path / "x" / "extra", size=4)).keys() == set(range(30, 40))


@pytest.mark.parametrize(
    "names",
    [
        ("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "data/val-00000-of-00001.parquet"),
        ("plain/train/0.parquet", "plain/train/1.parquet", "plain/validation/0.parquet"),
    ],
)
def test_parquet_files_of_splits(tmp_path, names):
    for i, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        made(range(300 * i % 200, 300 * i % 200 + 50)).to_parquet(tmp_path / name)
    data = HuggingFace(tmp_path, size=4, n_test=0)
    assert labels_of(data, "train") == {i: i % 2 for i in (*range(50), *range(100, 150))}
    assert data.count("validation") == 50


def test_parquet_files_without_splits_and_larger_than_a_batch(tmp_path):
    made([i % 256 for i in range(600)]).to_parquet(tmp_path / "a.parquet")
    data = HuggingFace(tmp_path, size=4, n_validation=100, n_test=100)
    assert torch.cat([data.split(split).images[:, 0, 0, 0] for split in SPLITS]).sort().values.tolist() == sorted(
        i % 256 for i in range(600)
    )
    assert labels_of(data) == {i: i % 2 for i in range(256)}


def test_labels_may_be_names_unknown_or_none(tmp_path):
    made(range(4), ["b", "a", None, "b"], datasets.Value("string")).save_to_disk(tmp_path / "names")
    data = HuggingFace(tmp_path / "names", size=4)
    assert (labels_of(data), data.class_names) == ({0: 1, 1: 0, 2: -1, 3: 1}, ["a", "b"])
    made(range(4), [1, 0, -1, 1]).save_to_disk(tmp_path / "unknown")
    assert labels_of(HuggingFace(tmp_path / "unknown", size=4)) == {0: 1, 1: 0, 2: -1, 3: 1}
    assert set(labels_of(HuggingFace(tmp_path / "unknown", label=None, size=4)).values()) == {-1}


def test_columns_have_any_names(tmp_path):
    made(range(4)).rename_columns({"image": "img", "label": "fine"}).to_parquet(tmp_path / "a.parquet")
    assert labels_of(HuggingFace(tmp_path, image="img", label="fine", size=4)) == {i: i % 2 for i in range(4)}
    with pytest.raises(GenzooError, match=r"^data.image=image: .*a.parquet has no such column, but img, fine\.$"):
        HuggingFace(tmp_path)
    with pytest.raises(GenzooError, match=r"^data.label=label: .*a.parquet has no such column, but img, fine\.$"):
        HuggingFace(tmp_path, image="img")
    with pytest.raises(GenzooError, match=r"^data.image=fine: .*of type int64, but encoded images are needed"):
        HuggingFace(tmp_path, image="fine")
    with pytest.raises(GenzooError, match=r"^data.label=img: .*of type struct.*data.label=null"):
        HuggingFace(tmp_path, image="img", label="img")


def test_images_in_files_beside_the_set(tmp_path):
    Image.new("RGB", (4, 4), (7, 7, 7)).save(tmp_path / "a.png")
    cells = {"image": [{"bytes": None, "path": "a.png"}], "label": [3]}
    features = datasets.Features({"image": datasets.Image(decode=False), "label": datasets.Value("int64")})
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(datasets.Dataset.from_dict(cells, features).data.table, tmp_path / "x.parquet")
    assert labels_of(HuggingFace(tmp_path, size=4)) == {7: 0}


def test_a_broken_image_is_named(tmp_path):
    cells = made(range(20)).cast_column("image", datasets.Image(decode=False)).to_list()
    cells[17]["image"]["bytes"] = cells[17]["image"]["bytes"][:30]
    cells[18]["image"] = None
    datasets.Dataset.from_list(cells).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(GenzooError, match=r"train\[17\] in a.parquet .*; train\[18\] in a.*no image") as caught:
        HuggingFace(tmp_path, size=4, n_validation=0, n_test=0).setup()
    assert "\n" not in str(caught.value)


def test_sizes(tmp_path):
    wide = Image.new("RGB", (8, 4), (9, 9, 9))
    datasets.Dataset.from_dict({"image": [wide] * 3}, datasets.Features({"image": datasets.Image()})).save_to_disk(
        tmp_path / "x"
    )
    with pytest.raises(GenzooError, match=r"^data.fit: data.path=.*: train\[\d\] has 8 x 4 pixels"):
        HuggingFace(tmp_path / "x", label=None).setup()
    assert labels_of(HuggingFace(tmp_path / "x", label=None, size=4, fit="crop")) == {9: -1}


def test_folders_that_are_none(tmp_path):
    with pytest.raises(GenzooError, match=r"the folder has neither a state.json, .*, nor parquet files; give another"):
        HuggingFace(tmp_path)
    made(range(3)).to_parquet(tmp_path / "test.parquet")
    with pytest.raises(GenzooError, match=r"it has the splits test and none called train; give data.path="):
        HuggingFace(tmp_path)
    for name in ("train.parquet", "more.parquet"):
        made(range(3)).to_parquet(tmp_path / name)
    with pytest.raises(GenzooError, match=r"more.parquet belongs to no split, but others do"):
        HuggingFace(tmp_path)


def test_a_set_without_rows(tmp_path):
    made(range(0)).save_to_disk(tmp_path / "x")
    with pytest.raises(GenzooError, match=r"x: it has no training images"):
        HuggingFace(tmp_path / "x")


@pytest.mark.parametrize("file", ["state.json", "data-00000-of-00001.arrow"])
@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: b"", None])
def test_damaged_files_are_named(tmp_path, file, damage):
    made(range(30)).save_to_disk(tmp_path / "x")
    path = tmp_path / "x" / file
    content = path.read_bytes()
    path.unlink()
    if damage is not None:
        path.write_bytes(damage(content))
    with pytest.raises(GenzooError) as caught:
        HuggingFace(tmp_path / "x", size=4).setup()
    assert file in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    made(range(3)).to_parquet(tmp_path / "a.parquet")
    real = builtins.__import__

    def absent(name, *arguments, **options):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(GenzooError, match=r"not installed; pip install 'genzoo\[huggingface\]'\.$"):
        HuggingFace(tmp_path)
