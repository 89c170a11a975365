from pathlib import Path

import pytest
import torch
from torch_fidelity import FeatureExtractorBase
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from genzoo.metrics.extractors.extractor import Extractor
from genzoo.metrics.extractors.features import feature_network


class Means(FeatureExtractorBase):
    """Features: the mean of each channel; as torchvision's networks do, it draws its initial weights at random."""

    def __init__(self, name, features_list, feature_extractor_weights_path, **_):
        super().__init__(name, features_list)
        assert feature_extractor_weights_path == "somewhere"
        self.unused = torch.nn.Linear(2, 2)

    @staticmethod
    def get_provided_features_list():
        return "logits", "means"

    @staticmethod
    def get_default_feature_layer_for_metric(metric):
        return "means" if metric == "fid" else "logits"

    def forward(self, images):
        return tuple({"means": images.float().mean((2, 3)), "logits": None}[name] for name in self.features_list)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_features_are_those_of_fid_and_grey_images_are_repeated(channels, monkeypatch):
    monkeypatch.setitem(FEATURE_EXTRACTORS_REGISTRY, "means", Means)
    state = torch.get_rng_state()
    extractor = Extractor("means", "_means", "means", Path("somewhere"), "", channels, 10, "none")
    features = feature_network(extractor, torch.device("cpu"))
    images = torch.arange(8, dtype=torch.uint8).view(2, 1, 2, 2)
    assert features(images).tolist() == [[1.5] * channels, [5.5] * channels]
    assert torch.equal(torch.get_rng_state(), state)  # constructors of networks draw from the global generator
