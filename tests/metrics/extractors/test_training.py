import json

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.binarized_mnist import BinarizedMNIST, DynamicBinarizedMNIST
from genzoo.data.mnist import MNIST, FashionMNIST
from genzoo.data.module import SPLITS, ImageData, split_of
from genzoo.metrics.extractors.classifier import SHIPPED
from genzoo.metrics.extractors.training import accuracy, classifier_of, train_classifier

CPU = torch.device("cpu")


class Stripes(ImageData):
    """Noise with a bright row whose height is the class; of every fourth the label is unknown."""

    name = "stripes"

    def __init__(self, seed=0, size=16, classes=4, n=160, validation=40):
        super().__init__(size, 1, classes=classes)
        draw = torch.Generator().manual_seed(seed)
        labels = torch.randint(4, (n,), generator=draw)
        images = torch.randint(100, (n, 1, size, size), generator=draw, dtype=torch.uint8)
        images[torch.arange(n), 0, labels * 4] = 250
        labels[::4] = -1
        cut = [3 * n // 4 - validation, validation, n - 3 * n // 4]
        parts = zip(images.split(cut), labels.split(cut), strict=True)
        self._splits = {split: split_of(*part) for split, part in zip(SPLITS, parts, strict=True)}


def test_it_learns_and_tells_its_accuracy_on_test_images():
    data = Stripes()
    network, record = train_classifier(data)
    images, labels, *_ = data.split("test")
    known = labels >= 0
    right = (network(images[known])[1].argmax(1) == labels[known]).float().mean().item()
    assert record["test_accuracy"] == pytest.approx(right)
    assert right > 0.9
    assert record["trained_on"] == {"data": "stripes", "source": "official", "images": 90}
    assert not network.training


def test_the_seed_decides_the_weights_and_the_global_random_state_is_left_alone():
    before = torch.get_rng_state()
    with torch.no_grad():  # as a metric is called
        one, same, other = (train_classifier(Stripes(n=32, validation=8), seed)[0].state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])


def test_accuracy_is_none_without_images():
    network, _ = train_classifier(Stripes(n=8, validation=2))
    assert accuracy(network, torch.empty(0, 1, 16, 16, dtype=torch.uint8), torch.empty(0).long()) is None


def test_one_is_trained_once_for_the_same_data(tmp_path):
    path = classifier_of(Stripes(), tmp_path, CPU)
    written = path.stat().st_mtime_ns
    for same in (Stripes(), Stripes(validation=10), Stripes(validation=0)):  # however many a recipe trains on
        assert classifier_of(same, tmp_path, CPU) == path
    assert path.stat().st_mtime_ns == written
    assert json.loads(path.with_suffix(".json").read_text())["test_accuracy"] > 0.9
    assert classifier_of(Stripes(seed=1), tmp_path, CPU) != path


def test_a_damaged_one_is_trained_anew(tmp_path):
    path = classifier_of(Stripes(), tmp_path, CPU)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert classifier_of(Stripes(), tmp_path, CPU).read_bytes() == whole


def test_mnist_and_its_binarisations_share_the_shipped_one(tmp_path):
    for data in (MNIST("none"), BinarizedMNIST("none"), DynamicBinarizedMNIST("none")):
        assert classifier_of(data, tmp_path, CPU) == SHIPPED / "mnist.pt"
    assert FashionMNIST("none").classifier is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Stripes(classes=0), "stripes gives images of 16 pixels in 0 classes"),
        (Stripes(size=14), "images of 14 pixels in 4 classes, but 16 pixels and 2 classes"),
    ],
    ids=["no labels", "small"],
)
def test_data_that_none_can_learn_from_are_refused(tmp_path, data, message):
    with pytest.raises(GenzooError, match=message):
        classifier_of(data, tmp_path, CPU)


def test_the_shipped_one_is_refused_for_images_of_another_size_or_colour(tmp_path):
    large, coloured = Stripes(size=32), Stripes(size=28)
    coloured.spec = coloured.spec._replace(shape=(3, *coloured.spec.shape[1:]))
    for data, given in ((large, r"\(1, 32\)"), (coloured, r"\(3, 28\)")):
        data.classifier = "mnist"
        with pytest.raises(GenzooError, match=rf"mnist takes .* \(1, 28\), but data=stripes gives {given}"):
            classifier_of(data, tmp_path, CPU)
