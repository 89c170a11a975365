"""Pairs of digits: the rules, partners, halves, pools."""

import pytest
import torch
from scipy import ndimage

from genzoo.core.errors import GenzooError
from genzoo.data.digit_pairs import KINDS, DigitPairs
from support.sets import write_mnist


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    """A function that reads 50 digits, 40 of them for training, and their partners."""
    write_mnist(tmp_path, monkeypatch)
    monkeypatch.setattr("genzoo.data.mnist.MNIST.n_train", 50)

    def read(kind="edges", **settings):
        data = DigitPairs(
            tmp_path, kind, train_size=40, size=28, channels=1, target_channels=1, levels=256, classes=10, **settings
        )
        data.setup()
        return data

    return read


def test_edges_are_the_dilation_minus_the_image(pairs):
    digits, *_, target, _ = pairs("edges").split("test")
    for digit, edges in zip(digits.numpy(), target.numpy(), strict=True):
        dilated = ndimage.grey_dilation(digit[0], size=(3, 3), mode="constant", cval=0)
        assert (edges[0] == dilated - digit[0]).all()


def test_negatives_and_rotated_digits(pairs):
    digits, *_, target, _ = pairs("negatives").split("test")
    assert (digits.int() + target == 255).all()
    digits, *_, target, _ = pairs("rotated").split("test")
    assert torch.equal(target[:, :, 0], digits[..., -1])  # the top row was the right column


@pytest.mark.parametrize("kind", KINDS)
def test_domains_of_pairs_are_the_images_and_their_targets(pairs, kind):
    data = pairs(kind)
    assert data.spec.domains == ("digits", kind)
    assert data.spec.paired
    found, pools = data.split("train"), data.pools()
    assert len(found.images) == 40
    assert torch.equal(pools["A"].images, found.images)
    assert torch.equal(pools["B"].images, found.target)
    assert torch.equal(pools["B"].labels, found.labels)
    assert pools["A"].target is None
    assert torch.equal(pools["train"].target, found.target)
    assert data.describe() == f"training images: 40 digits, 40 {kind}, in pairs"


def test_without_pairs_each_training_digit_is_in_one_domain_and_test_digits_in_both(pairs):
    data, every = pairs("negatives", paired=False), pairs("negatives").split("train")
    first, second = data.domain("digits", "train"), data.domain("negatives", "train")
    assert torch.equal(torch.cat([first.images, 255 - second.images]), every.images)
    assert torch.equal(torch.cat([first.labels, second.labels]), every.labels)
    assert data.pools()["train"].target is None
    assert not data.spec.paired
    assert torch.equal(data.split("test").target, 255 - data.split("test").images)
    assert len(data.split("validation").target) == 10


def test_the_fingerprint_depends_on_the_second_domain(pairs):
    assert pairs("edges").fingerprint() != pairs("negatives").fingerprint()
    assert pairs("edges").fingerprint() == pairs("edges").fingerprint()


def test_classes_are_chosen_in_both_domains(pairs):
    data = pairs("negatives", only_classes=[3, 7])
    assert data.domain("negatives", "train").labels.unique().tolist() == [3, 7]
    assert torch.equal(data.split("train").target, 255 - data.split("train").images)


def test_hidden_labels_are_hidden_in_the_pool_of_the_first_domain(pairs):
    labels = pairs(labels_per_class=1).pools()["A"].labels
    assert (labels >= 0).sum() == 10


def test_an_unknown_kind_or_domain_is_named(pairs):
    with pytest.raises(GenzooError, match=r"data\.kind=edge: unknown\. Did you mean 'edges'\?"):
        pairs("edge")
    with pytest.raises(GenzooError, match=r"data=digit_pairs: no domain digit\. Did you mean 'digits'\?"):
        pairs().domain("digit", "test")
