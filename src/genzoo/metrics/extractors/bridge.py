"""torch-fidelity, given samples as they are drawn, reference images at hand, and our extractors."""

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
#: metric -> torch-fidelity's switch, and the names of its numbers there and here
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
    """The numbers of some metrics, by our names.

    Args:
        metrics: of ``METRICS``.
        draw: m -> levels, uint8 (m, C, H, W); called until there are n.
        n: number of samples.
        reference: levels, uint8 (N, C, H, W).
        content: a hash of the reference, under which, with that of the extractor's weights, its features are cached.
        extractor: takes as many channels, or grey images repeated.
        cache: folder.
        device: to extract features on.
        settings: further ones of torch-fidelity's ``calculate_metrics``.
    """
    cuda = device.type == "cuda"

    def in_colour(images: Tensor) -> Tensor:
        return images.expand(-1, extractor.channels, -1, -1)

    # Constructors of networks and loaders draw from the global generators.
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
            save_cpu_ram=True,  # no processes that load, as images are in memory; no whole matrix of distances
            prc_batch_size=500,  # rows of that matrix at a time
            verbose=False,
            **{METRICS[metric][0]: True for metric in metrics},
            **settings,
        )
    return {ours: found[theirs] for metric in metrics for theirs, ours in METRICS[metric][1].items()}


class Drawn(tf.GenerativeModelBase):
    """A generative model that draws by a function; it holds no module, so nobody moves it or changes its mode.

    Args:
        draw: n -> levels, uint8 (n, C, H, W).
    """

    z_size, z_type, num_classes = 1, "normal", 0  # torch-fidelity's own noise tells the number only

    def __init__(self, draw: Callable[[int], Tensor]):
        super().__init__()
        self.draw = draw

    def forward(self, noise: Tensor) -> Tensor:
        """As many images as there are rows of noise."""
        return self.draw(len(noise))


class Stored(Dataset):
    """Images that are at hand.

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
    """A network that gives features, for distances, and logits, for the Inception score.

    Args:
        name: in torch-fidelity's registry.
        features_list: the layers wanted.
        feature_extractor_weights_path: file.
    """

    network_of: ClassVar[Callable[[Path], nn.Module]]  #: file of weights -> network: levels -> (features, logits)

    def __init__(self, name: str, features_list: list[str], feature_extractor_weights_path: str, **_: object):
        super().__init__(name, features_list)
        self.network = self.network_of(Path(feature_extractor_weights_path))

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """The layers."""
        return "features", "logits"

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """The layer that a metric is computed from."""
        return "logits" if metric == "isc" else "features"

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The layers wanted, of levels, uint8 (B, C, H, W)."""
        layers = dict(zip(self.get_provided_features_list(), self.network(images), strict=True))
        return tuple(layers[name] for name in self.features_list)


class ClassifierLayers(TwoLayers):
    """Those of a classifier."""

    network_of = staticmethod(load_classifier)


class EfficientNetLayers(TwoLayers):
    """Those of EfficientNet-Lite0."""

    network_of = staticmethod(EfficientNetLite0)


tf.register_feature_extractor(f"genzoo-{ARCHITECTURE}", ClassifierLayers)
tf.register_feature_extractor(f"genzoo-efficientnet-lite0-{SIZE}", EfficientNetLayers)
