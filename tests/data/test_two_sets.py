"""Two sets, and the images without and with an attribute, as domains."""

import pytest
import torch
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageSet
from genzoo.core.errors import GenzooError
from genzoo.data.by_attribute import ByAttribute
from genzoo.data.mnist import MNIST
from genzoo.data.module import ImageData
from genzoo.data.two_sets import TwoSets
from genzoo.data.usps import USPS
from support.sets import MNIST_ARRAYS, USPS_LEVELS, write_digits, write_usps


class Faces(ImageData):
    """Numbered images, of which every third smiles."""

    name = "faces"

    def __init__(self, spec, smiles=3):
        super().__init__(spec.size, spec.channels, factors=("Young", "Smiling"))
        self.smiles = smiles

    def load(self):
        return {split: self.of(n) for split, n in (("train", 12), ("validation", 0), ("test", 6))}

    def of(self, n):
        images = torch.arange(n, dtype=torch.uint8).view(n, 1, 1, 1).expand(n, self.spec.channels, 2, 2)
        factors = torch.stack([torch.ones(n), (torch.arange(n) % self.smiles == 0).float()], 1)
        return ImageSet(images, torch.full((n,), -1), factors)


def by_attribute(attribute="Smiling", **settings):
    data = ByAttribute(lambda spec: Faces(spec, **settings), attribute, size=2, channels=3)
    data.setup()
    return data


def test_domains_are_the_images_without_and_with_the_attribute():
    data = by_attribute()
    assert data.spec == DataSpec("by_attribute", (3, 2, 2), domains=("no_Smiling", "Smiling"), target_channels=3)
    with_it = data.domain("Smiling", "train").images[:, 0, 0, 0].tolist()
    without = data.domain("no_Smiling", "train").images[:, 0, 0, 0].tolist()
    assert with_it == [0, 3, 6, 9]
    assert sorted(with_it + without) == [*range(12)]
    assert len(data.domain("no_Smiling", "test").images) == 4
    assert data.describe() == "training images: 8 no_Smiling, 4 Smiling"


def test_an_attribute_that_does_not_exist_or_that_all_have_is_one_line():
    with pytest.raises(GenzooError, match=r"^data\.attribute=Smilin: data=faces has no such attribute\. .*'Smiling'"):
        by_attribute("Smilin")
    with pytest.raises(GenzooError, match=r"^data=by_attribute: there are no training images"):
        by_attribute("Young")


@pytest.fixture
def root(tmp_path, monkeypatch):
    write_digits(tmp_path, monkeypatch)
    monkeypatch.setattr("genzoo.data.mnist.MNIST.n_train", 50)
    return tmp_path


def mnist(root):
    return lambda like: MNIST(root, 40, offline=True)


def usps(root):
    return lambda like: USPS(root, like.size, train_size=20)


def test_digits_of_two_sets_have_the_same_classes(root):
    data = TwoSets(mnist(root), usps(root))
    assert data.spec == DataSpec("two_sets", (1, 28, 28), classes=10, domains=("mnist", "usps"), target_channels=1)
    assert data.describe() == "training images: 40 mnist, 20 usps"
    assert {name: len(pool.images) for name, pool in data.pools().items()} == {
        **{"train": 40, "labelled": 40, "A": 40, "B": 20}
    }
    assert (data.domain("mnist", "test").images[:, 0].numpy() == MNIST_ARRAYS["t10k-images-idx3-ubyte"]).all()
    assert data.domain("usps", "test").labels.tolist() == [i % 10 for i in range(12)]


def test_other_sizes_and_one_set_twice_are_refused(root):
    with pytest.raises(GenzooError, match=r"^data\.a: data=mnist has images of .* \(1, 28\), but \(1, 32\)"):
        TwoSets(mnist(root), usps(root), size=32)
    with pytest.raises(GenzooError, match=r"^data\.a and data\.b are both usps"):
        TwoSets(usps(root), usps(root))


def test_training_images_are_drawn_from_each_set(root):
    def drawn(seed, sizes=(10, 7)):
        return TwoSets(mnist(root), usps(root), train_sizes=sizes, train_seed=seed).pools()

    whole, pools = TwoSets(mnist(root), usps(root)).pools(), drawn(0)
    assert {name: len(pools[name].images) for name in ("A", "B")} == {"A": 10, "B": 7}
    for name in ("A", "B"):
        known = {image.numpy().tobytes(): int(label) for image, label in zip(*whole[name][:2], strict=True)}
        labels = [known[image.numpy().tobytes()] for image in pools[name].images]
        assert labels == pools[name].labels.tolist()
        assert torch.equal(pools[name].images, drawn(0)[name].images)
        assert not torch.equal(pools[name].images, drawn(1)[name].images)
    with pytest.raises(GenzooError, match=r"^data\.train_sizes=\[10, 21\]: data=usps has 20 training images\.$"):
        drawn(0, [10, 21])
    with pytest.raises(GenzooError, match=r"^data\.train_sizes=\[10\]: two positive integers are needed"):
        drawn(0, [10])


def test_usps_is_read_as_it_is_or_with_a_border(tmp_path, monkeypatch):
    write_usps(tmp_path, monkeypatch)
    small, large = (USPS(tmp_path, size, train_size=25) for size in (16, 28))
    for data in (small, large):
        data.setup()
    levels = torch.from_numpy(USPS_LEVELS["test"])[:, None]
    assert (small.split("test").images.int() - levels).abs().max() <= 1  # four digits after the point
    padded = F.pad(small.split("test").images.float(), (3, 3, 3, 3))
    by_hand = F.interpolate(padded, (28, 28), mode="bilinear")
    assert (large.split("test").images - by_hand).abs().max() <= 1
    assert [small.count(split) for split in ("train", "validation", "test")] == [25, 5, 12]
    assert small.split("train").labels.tolist() == [i % 10 for i in range(25)]


def test_more_training_images_than_there_are_are_refused(tmp_path):
    with pytest.raises(GenzooError, match=r"^data\.train_size=7292: an integer from 1 to 7291 is needed\.$"):
        USPS(tmp_path, train_size=7292)
