"""Adapter to torch-fidelity: passes it a model's samples, reference images in memory, and genzoo's extractors."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch_fidelity as tf
from torch import Tensor, nn
from torch.utils.data import Dataset

from genzoo.metrics.extractors.classifier import ARCHITECTURE, load_classifier
from genzoo.metrics.extractors.efficientnet import SIZE, EfficientNetLite0
from genzoo.metrics.extractors.extractor import Extractor

IMPLEMENTATION = f"torch-fidelity {tf.__version__}"
#: metric -> torch-fidelity's switch, and torch-fidelity's name -> genzoo's name of each value
METRICS: dict[str, tuple[str, dict[str, str]]] = {
    "fid": ("fid", {tf.KEY_METRIC_FID: "fid"}),
    "inception_score": (
        "isc",
        {tf.KEY_METRIC_ISC_MEAN: "inception_score", tf.KEY_METRIC_ISC_STD: "inception_score_std"},
    ),
    "kid": ("kid", {tf.KEY_METRIC_KID_MEAN: "kid"}),
    "precision_recall": ("prc", {tf.KEY_METRIC_PRECISION: "precision", tf.KEY_METRIC_RECALL: "recall"}),
}


def measure(
    metrics: Sequence[str],
    draw: Callable[[int], Tensor],
    n: int,
    reference: Tensor,
    content: str,
    extractor: Extractor,
    cache: Path,
    device: torch.device,
    settings: Mapping[str, Any],
) -> dict[str, float]:
    """Computes metrics with torch-fidelity; returns genzoo's name -> value.

    Args:
        metrics: keys of ``METRICS``.
        draw: m -> levels, uint8 (m, C, H, W); called until n samples are drawn.
        n: number of samples.
        reference: levels, uint8 (N, C, H, W).
        content: hash of the reference; with the hash of the extractor's weights, the key of the feature cache.
        extractor: feature extractor; grey images are repeated to its number of channels.
        cache: folder of the feature cache.
        device: device on which features are extracted.
        settings: further arguments of torch-fidelity's ``calculate_metrics``.
    """
    cuda = device.type == "cuda"

    def in_colour(images: Tensor) -> Tensor:
        return images.expand(-1, extractor.channels, -1, -1)

    # Constructors of networks and data loaders draw from the global generators, whose state must not change.
    with (
        torch.random.fork_rng(devices=[device] if cuda else []),
        torch.cuda.device(device) if cuda else nullcontext(),
    ):
        found = tf.calculate_metrics(
            input1=Drawn(lambda m: in_colour(draw(m)).to(device if cuda else "cpu")),
            input1_model_num_samples=n,
            input2=Stored(in_colour(reference)) if set(metrics) != {"inception_score"} else None,
            input2_cache_name=f"{content}-{extractor.sha256[:16]}",
            cache_root=str(cache),
            feature_extractor=extractor.registered,
            feature_extractor_weights_path=str(extractor.weights),
            cuda=cuda,
            save_cpu_ram=True,  # no worker processes (images are in memory), no full distance matrix
            prc_batch_size=500,  # rows of the distance matrix per block
            verbose=False,
            **{METRICS[metric][0]: True for metric in metrics},
            **settings,
        )
    return {ours: found[theirs] for metric in metrics for theirs, ours in METRICS[metric][1].items()}


class Drawn(tf.GenerativeModelBase):
    """A generative model that calls a function, without submodules, which torch-fidelity would move and switch to eval.

    Args:
        draw: n -> levels, uint8 (n, C, H, W).
    """

    z_size, z_type, num_classes = 1, "normal", 0  # torch-fidelity's noise only conveys the number of samples

    def __init__(self, draw: Callable[[int], Tensor]):
        super().__init__()
        self.draw = draw

    def forward(self, noise: Tensor) -> Tensor:
        """Returns one image per row of noise."""
        return self.draw(len(noise))


class Stored(Dataset):
    """A data set of images in memory.

    Args:
        images: levels, uint8 (N, C, H, W).
    """

    def __init__(self, images: Tensor):
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> Tensor:
        return self.images[i]


class TwoLayers(tf.FeatureExtractorBase):
    """A network with two outputs: features, for distances, and logits, for the Inception score.

    Args:
        name: name in torch-fidelity's registry.
        features_list: names of the outputs to return.
        feature_extractor_weights_path: file of weights.
    """

    network_of: ClassVar[Callable[[Path], nn.Module]]  #: file of weights -> network: levels -> (features, logits)

    def __init__(self, name: str, features_list: list[str], feature_extractor_weights_path: str, **_: object):
        super().__init__(name, features_list)
        self.network = self.network_of(Path(feature_extractor_weights_path))

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """Returns the names of the outputs."""
        return "features", "logits"

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """Returns the output that a metric is computed from."""
        return "logits" if metric == "isc" else "features"

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Returns the outputs named in ``features_list`` for levels, uint8 (B, C, H, W)."""
        layers = dict(zip(self.get_provided_features_list(), self.network(images), strict=True))
        return tuple(layers[name] for name in self.features_list)


class ClassifierLayers(TwoLayers):
    """The outputs of ``Classifier``."""

    network_of = staticmethod(load_classifier)


class EfficientNetLayers(TwoLayers):
    """The outputs of ``EfficientNetLite0``."""

    network_of = staticmethod(EfficientNetLite0)


tf.register_feature_extractor(f"genzoo-{ARCHITECTURE}", ClassifierLayers)
tf.register_feature_extractor(f"genzoo-efficientnet-lite0-{SIZE}", EfficientNetLayers)
