"""Shards are written from a folder of pictures and hold what it holds."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.data.images import ImageFolder
from genzoo.data.module import SPLITS
from genzoo.data.shard_writer import write_shards
from genzoo.data.shards import FACTS
from genzoo.data.stream import StreamedImages
from support import forked
from support.shards import SIZE, drawn, loader, one_line, streamed


def test_shards_hold_what_the_folder_holds(folder, root):
    data = streamed(root, classes=2)
    assert [data.count(split) for split in SPLITS] == [46, 2, 2]
    assert len(data.shards.splits["train"]) == 7  # 6 x 7 and 4
    for split in SPLITS:
        of_folder, of_shards = folder.split(split), data.split(split)
        assert torch.equal(of_folder.images, of_shards.images)
        assert torch.equal(of_folder.labels, of_shards.labels)
    assert data.fingerprint() == folder.fingerprint()
    assert data.class_names == ["a", "b"]
    assert data.spec == folder.spec._replace(name="stream")
    assert torch.equal(data.initial(9), folder.initial(9))


def test_litdata_reads_them_too(folder, root):
    from litdata import StreamingDataset

    dataset, train = StreamingDataset(f"{root}/train"), folder.split("train")
    assert len(dataset) == 46
    for i, item in enumerate(dataset):
        assert torch.equal(item["image"], train.images[i])
        assert item["label"] == train.labels[i]


def test_colour(tmp_path, pictures):
    folder = ImageFolder(pictures, 9, 3)
    data = StreamedImages(write_shards(folder, tmp_path / "shards").root, 9, 3)
    assert torch.equal(data.split("train").images, folder.split("train").images)


def test_splits_and_pixels_are_those_of_the_folder(tmp_path):
    for i, name in enumerate(("train/a", "train/b", "test/a", "test/b")):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for j in range(9):
            levels = np.full((8, 8), 16 * (40 * i + j), np.uint16)  # of 12 bits
            Image.fromarray(levels).save(tmp_path / "pictures" / name / f"{j}.png")
    with pytest.raises(GenzooError, match=r"set data.white=4095"):
        write_shards(ImageFolder(tmp_path / "pictures", 8, 1), tmp_path / "shards")
    folder = ImageFolder(tmp_path / "pictures", 8, 1, white=4095, validation_fraction=0.25)
    data = StreamedImages(write_shards(folder, tmp_path / "shards").root, 8, 1)
    for split, count in (("train", 14), ("validation", 4), ("test", 18)):
        mine, theirs = data.split(split), folder.split(split)
        assert len(mine.images) == count
        assert torch.equal(mine.images, theirs.images)
        assert torch.equal(mine.labels, theirs.labels)
        assert torch.equal(mine.labels, mine.images[:, 0, 0, 0] // 40 % 2)
    assert data.split("train").images.max() < 80 <= data.split("test").images.min()


def test_the_target_must_not_exist(folder, tmp_path):
    with pytest.raises(GenzooError, match="exists; delete it, or choose another folder"):
        write_shards(folder, tmp_path)


def test_broken_pictures(pictures, tmp_path):
    broken = shutil.copytree(pictures, tmp_path / "pictures")
    (broken / "a" / "0.png").write_bytes(b"no picture")
    with pytest.raises(GenzooError, match=r"a/0.png .*data.skip_broken=true"):
        write_shards(ImageFolder(broken, SIZE, 1), tmp_path / "shards")
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]  # nothing is left behind
    shards = write_shards(ImageFolder(broken, SIZE, 1, skip_broken=True), tmp_path / "shards")
    assert sum(shards.count(split) for split in SPLITS) == 49


def test_without_litdata_one_line_says_what_to_install(folder, root, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "litdata"] + ["litdata"]:
        monkeypatch.setitem(sys.modules, name, None)
    for act in (lambda: write_shards(folder, tmp_path / "shards"), lambda: streamed(f"local:{root}")):
        with pytest.raises(GenzooError, match=r"litdata; pip install 'genzoo\[stream\]'") as error:
            act()
        one_line(error)
    assert len(drawn(loader(root))) == 20  # a folder is read without it


def test_the_script(pictures, root, tmp_path):
    def run(*arguments):
        return forked.run("scripts/write_shards.py", str(pictures), str(tmp_path / "shards"), *arguments)

    done = run("--size", str(SIZE), "--channels", "1", "--chunk-mb", str(7 * SIZE**2 / 1e6))
    assert done.returncode == 0, done.stderr
    assert "46 images for training" in done.stdout
    assert f"data.root={tmp_path}/shards data.size=28 data.channels=1 data.classes=2" in done.stdout
    assert (tmp_path / "shards" / FACTS).read_text() == (Path(root) / FACTS).read_text()  # the same to the bit
    again = run("--size", str(SIZE))
    assert again.returncode == 1
    assert again.stderr.startswith("error: ")
    assert again.stderr.count("\n") == 1
