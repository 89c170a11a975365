"""The features of an extractor, for metrics that torch-fidelity does not have."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY
from torch_fidelity.utils import create_feature_extractor

from genzoo.metrics.extractors import bridge  # noqa: F401  registers our extractors
from genzoo.metrics.extractors.extractor import Extractor


def feature_network(extractor: Extractor, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Returns the extractor as a function: images, uint8 (B, C, H, W) in 0 .. 255 -> features (B, F) of FID."""
    layer = FEATURE_EXTRACTORS_REGISTRY[extractor.registered].get_default_feature_layer_for_metric("fid")
    options = {"feature_extractor_weights_path": str(extractor.weights), "verbose": False}
    with torch.random.fork_rng(devices=[]):  # constructors of networks draw from the global generator
        network = create_feature_extractor(extractor.registered, [layer], cuda=False, **options).to(device)

    def features(images: Tensor) -> Tensor:
        with torch.no_grad():
            return network(images.to(device).expand(-1, extractor.channels, -1, -1))[0]

    return features
