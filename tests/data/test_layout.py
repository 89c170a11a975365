from pathlib import Path

import pytest

from genzoo.core.errors import GenzooError
from genzoo.data.layout import read_layout

ROOT = Path("pictures")


def layout(*names):
    """Splits and classes, by names."""
    found = read_layout(ROOT, [Path(name) for name in names])
    return (
        {split: sorted(path.as_posix() for path in paths) for split, paths in found.splits.items()},
        {path.as_posix(): name for path, name in found.classes.items()},
    )


@pytest.mark.parametrize("above", ["", "unpacked/", "a/b/"])
@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("Training", "valid", "TESTING"),
        ("train", "validation", None),
        ("train", None, "test"),
    ],
)
def test_splits_above_classes(above, train, validation, test):
    own = {"train": train, "validation": validation, "test": test}
    images = {split: [f"{above}{name}/{kind}/1.png" for kind in ("blue", "red")] for split, name in own.items() if name}
    splits, classes = layout(*[path for paths in images.values() for path in paths])
    assert splits == images
    assert classes == {path: path.split("/")[-2] for paths in images.values() for path in paths}


def test_splits_without_classes():
    assert layout("train/1.png", "train/x/2.png", "test/1.png") == (
        {"train": ["train/1.png", "train/x/2.png"], "test": ["test/1.png"]},
        {},
    )


@pytest.mark.parametrize("form", ["{}{}", "{}_{}"])
def test_two_domains(form):
    names = [form.format(split, domain) + "/1.png" for split in ("train", "test") for domain in "AB"]
    assert layout(*names) == (
        {"train": names[:2], "test": names[2:]},
        {names[0]: "A", names[1]: "B", names[2]: "A", names[3]: "B"},
    )


def test_a_folder_that_holds_all_others_says_nothing():
    assert layout("set/cat/1.png", "set/dog/2.png")[1] == {"set/cat/1.png": "cat", "set/dog/2.png": "dog"}
    names = ["train/images/a/1.png", "train/images/b/2.png", "val/pictures/a/3.png"]
    assert layout(*names) == ({"train": names[:2], "validation": names[2:]}, dict(zip(names, "aba", strict=True)))


@pytest.mark.parametrize(
    "names", [["cat", "cow", "dog", "test_tube", "train"], ["bus", "car", "train"], ["good", "test"]]
)
def test_one_class_may_be_called_as_a_split(names):
    paths = [f"{name}/1.png" for name in names]
    assert layout(*paths) == ({"train": paths}, dict(zip(paths, names, strict=True)))


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("train/1.png test/1.png extra/1.png", "test, train: extra beside them .*data.root=pictures/train"),
        ("train/1.png test/1.png 1.png", "test, train: 1.png beside them may be held out or not"),
        ("val/a/1.png test/a/1.png", "test, val: there is no train"),
        ("train/1.png val/1.png valid/1.png", "two of them are the same split"),
        ("train/1.png testA/1.png", "some have a letter and others have none"),
        ("train/a/1.png train/b/1.png test/1.png", "test has images outside of subfolders"),
        (
            "train/a/1.png train/b/1.png test/a/1.png test/c/1.png",
            "test has the subfolder c, which is not a class of tr",
        ),
        ("train/good/1.png test/good/1.png test/bad/1.png", "test has the subfolder bad"),
        ("cat/train/1.png cat/test/1.png dog/train/1.png", "root=pictures/cat: it holds test, train: .*would be mixed"),
        ("train2017/1.png val2017/1.png", "train2017, val2017: they look like splits"),
        ("training_set/a/1.png test_set/a/1.png", "they look like splits; call them train"),
        ("seg_train/a/1.png seg_test/a/1.png seg_pred/1.png", "seg_test, seg_train: they look like splits"),
    ],
)
def test_the_ambiguous_is_refused(names, why):
    with pytest.raises(GenzooError, match=why) as caught:
        layout(*names.split())
    assert "\n" not in str(caught.value)
