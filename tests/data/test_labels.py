"""Training on few labels, whatever the set."""

from itertools import chain

import pytest
import torch

from genzoo.core.batches import Stream
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.data.images import ImageFolder
from genzoo.data.module import ImageData, split_of
from genzoo.data.shapes import Shapes
from genzoo.runs.build import build_data
from support import DATA, IMAGE_SETS, resolved
from support.contract_sets import FILES


class Odd(ImageData):
    """Images 0, 1, 2 ... whose class is their remainder by 3; every seventh has no label."""

    name = "odd"

    def __init__(self, n=60, **options):
        super().__init__(1, 1, classes=3, **options)
        self.n = n

    def load(self):
        number = torch.arange(self.n)
        labels = torch.where(number % 7 == 0, -1, number % 3)
        split = split_of(number.to(torch.uint8).view(-1, 1, 1, 1), labels, number.view(-1, 1).float())
        return {"train": split, "validation": split, "test": split}


def chosen(**options) -> list[int]:
    """The images whose labels training sees."""
    return sorted(Odd(**options).pools()["labelled"].images.flatten().tolist())


def test_training_sees_so_many_labels_of_each_class_and_all_images():
    pools = Odd(labels_per_class=4).pools()
    train, labelled = pools["train"], pools["labelled"]
    assert labelled.labels.bincount().tolist() == [4, 4, 4]
    assert torch.equal(labelled.labels, labelled.images.flatten().long() % 3)
    assert train.images.flatten().tolist() == list(range(60))
    known = train.labels >= 0
    assert sorted(train.images.flatten()[known].tolist()) == chosen(labels_per_class=4)
    assert torch.equal(train.labels[known], train.images.flatten()[known].long() % 3)
    assert train.labels[~known].unique().tolist() == [-1]
    assert train.factors is None  # of shapes, they tell the label
    assert labelled.factors is None


def test_they_are_the_first_of_each_class_in_an_order_of_the_label_seed():
    order = torch.randperm(60, generator=generator(5, "labels")).tolist()
    first = [[i for i in order if i % 7 and i % 3 == c][:4] for c in range(3)]
    assert chosen(labels_per_class=4, label_seed=5) == sorted(chain.from_iterable(first))


def test_nothing_but_the_label_seed_decides():
    one = chosen(labels_per_class=4, label_seed=2)
    assert one == chosen(labels_per_class=4, label_seed=2, seed=3, batch_size=7, rounds=9)
    assert one != chosen(labels_per_class=4, label_seed=3)
    assert set(one) < set(chosen(labels_per_class=8, label_seed=2))  # more labels: those and others


def test_measurements_have_all_labels():
    few, all_of_them = Odd(labels_per_class=4), Odd()
    for split in ("train", "validation", "test"):
        assert torch.equal(few.split(split).labels, all_of_them.split(split).labels)
        assert torch.equal(few.evaluation_images(split).labels, all_of_them.split(split).labels)


def test_a_run_goes_on_with_its_own_labels_only():
    prints = [Odd(labels_per_class=4, label_seed=seed).fingerprint() for seed in (0, 0, 1)]
    assert prints[0] == prints[1] != prints[2]
    assert Odd().fingerprint() == Odd(label_seed=1).fingerprint() != prints[0]


@pytest.mark.parametrize(
    "name", [name for name in IMAGE_SETS if "???" not in DATA[name] and name not in ("lsun", "facade_windows")]
)
def test_every_set_takes_both_settings(name):
    data = build_data(resolved(f"data={name}", "seed=7", "data.label_seed=${seed}"))
    assert (data.labels_per_class, data.label_seed) == (None, 7)
    if data.spec.classes:
        assert build_data(resolved(f"data={name}", "data.labels_per_class=3")).labels_per_class == 3
    else:
        with pytest.raises(GenzooError, match=rf"data.labels_per_class=3: data={name} has no labels; leave it out"):
            build_data(resolved(f"data={name}", "data.labels_per_class=3"))


@pytest.mark.parametrize("name", ["arrays", "huggingface", "table", "torchvision"])
def test_a_set_of_the_users_own_takes_them(name, tmp_path, monkeypatch):
    FILES[name].write(tmp_path / "data", monkeypatch)
    data = build_data(
        resolved(f"data={name}", *FILES[name].overrides, f"paths.data={tmp_path}/data", "data.labels_per_class=2")
    )
    assert data.pools()["labelled"].labels.bincount().tolist() == [2] * data.spec.classes > []


def test_a_folder_of_classes_takes_them(tmp_path):
    from PIL import Image

    for number in range(20):
        path = tmp_path / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (9, 9)).save(path)
    data = build_data(resolved("data=images", f"data.root={tmp_path}", "data.size=8", "data.labels_per_class=2"))
    assert data.pools()["labelled"].labels.bincount().tolist() == [2, 2]
    for path in tmp_path.glob("b/*"):
        path.unlink()
    with pytest.raises(GenzooError, match=r"data.labels_per_class=2: data=images has no labels"):
        ImageFolder(tmp_path, labels_per_class=2)


@pytest.mark.parametrize("value", [0, -1, 2.5, "many"])
def test_a_number_that_is_none_is_named(value):
    with pytest.raises(GenzooError, match=rf"data.labels_per_class={value}: a positive integer is needed"):
        Shapes(labels_per_class=value)


def test_a_label_seed_that_is_none_is_named():
    with pytest.raises(GenzooError, match=r"data.label_seed=-1: an integer of at least 0 is needed"):
        Shapes(label_seed=-1)


def test_more_labels_than_there_are_stop_a_run_before_training():
    with pytest.raises(GenzooError, match=r"labels_per_class=18: data=odd has only 17 labelled training images of cl"):
        Odd(labels_per_class=18).fingerprint()  # taken when a run starts
    with pytest.raises(GenzooError, match=r"labels_per_class=1: data=odd has only 0 .* of class 0; choose fewer, or"):
        Odd(n=2, labels_per_class=1).pools()


def test_rounds_draw_from_the_few_labels():
    from genzoo.data.loader import RoundLoader

    streams = [Stream("labelled", "labelled"), Stream("real")]
    pools = Odd(labels_per_class=4).pools()
    rounds = list(RoundLoader(pools, lambda round: streams, batch_size=24, rounds=3, seed=0))
    for round in rounds:
        assert round.labelled.labels.bincount().tolist() == [8, 8, 8]
        assert (round.real.labels < 0).any()
