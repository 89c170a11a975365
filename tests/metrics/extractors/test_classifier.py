import hashlib
import json

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.metrics.extractors.classifier import SHIPPED, Classifier, classifier, load_classifier, save_weights

RECORD = {"channels": 1, "size": 16, "classes": 3, "trained_on": "nothing", "seed": 0, "test_accuracy": 0.5}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [16, 17, 28, 32, 64])
def test_images_of_any_size_have_128_features(channels, size):
    images = torch.randint(256, (2, channels, size, size), dtype=torch.uint8)
    features, logits = Classifier(channels, 5)(images)
    assert (features.shape, logits.shape) == ((2, 128), (2, 5))
    assert (features >= 0).all()


def test_the_shipped_classifier_is_the_recorded_one_and_small():
    path = SHIPPED / "mnist.pt"
    record = json.loads((SHIPPED / "mnist.json").read_text())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == record["sha256"] == classifier(path).sha256
    assert path.stat().st_size < 2**20
    assert record["test_accuracy"] >= 0.992
    assert (record["channels"], record["size"], record["classes"]) == (1, 28, 10)


def test_what_is_saved_is_loaded_in_evaluation_mode(tmp_path):
    network = Classifier(1, 3).eval()
    save_weights(network, tmp_path / "c.pt", RECORD)
    loaded = load_classifier(tmp_path / "c.pt")
    images = torch.randint(256, (4, 1, 16, 16), dtype=torch.uint8)
    assert not any(m.training for m in loaded.modules())
    assert all(torch.equal(a, b) for a, b in zip(network(images), loaded(images), strict=True))


def test_a_changed_file_is_refused(tmp_path):
    path = tmp_path / "c.pt"
    save_weights(Classifier(1, 3), path, RECORD)
    expected = json.loads(path.with_suffix(".json").read_text())["sha256"]
    save_weights(Classifier(1, 3), tmp_path / "d.pt", RECORD)
    path.write_bytes((tmp_path / "d.pt").read_bytes())
    with pytest.raises(
        GenzooError, match=f"{hashlib.sha256(path.read_bytes()).hexdigest()}, but the file beside it says {expected}"
    ):
        load_classifier(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(GenzooError, match=r"c\.pt: the network cannot be read"):
        classifier(tmp_path / "c.pt")
