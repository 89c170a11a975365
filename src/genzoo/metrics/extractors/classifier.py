"""A small classifier as a feature extractor, for images unlike those of ImageNet, such as digits."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write, write_json
from genzoo.core.hashes import hash_of_file
from genzoo.core.images import from_levels
from genzoo.metrics.extractors.extractor import Extractor

ARCHITECTURE = "cnn-32-64-96-128"
LEAST_SIZE = 16  # pixels
SHIPPED = Path(__file__).parents[1] / "weights"


class Classifier(nn.Module):
    """Three convolutions, 128 features, logits; for images of at least 16 pixels.

    Args:
        channels: number of channels of the images.
        classes: number of logits.

    Example:
        >>> features, logits = Classifier(1, 10)(torch.zeros(2, 1, 28, 28, dtype=torch.uint8))
        >>> features.shape, logits.shape
        (torch.Size([2, 128]), torch.Size([2, 10]))
    """

    def __init__(self, channels: int, classes: int):
        super().__init__()
        pool = nn.MaxPool2d(2)
        self.trunk = nn.Sequential(*_block(channels, 32), pool, *_block(32, 64), pool, *_block(64, 96))
        self.hidden = nn.Linear(96 * 3 * 3, 128)
        self.head = nn.Linear(128, classes)
        self.to(memory_format=torch.channels_last)  # three times as fast on a CPU

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Returns features (B, 128) and logits (B, classes) of levels, uint8 (B, C, H, W)."""
        x = self.trunk(from_levels(images))
        stride = x.shape[-1] // 3
        x = F.max_pool2d(x, x.shape[-1] - 2 * stride, stride)  # to 3 x 3 for any image size
        features = self.hidden(x.flatten(1)).relu()
        return features, self.head(features)


def _block(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()


def save_weights(network: nn.Module, path: Path, facts: Mapping[str, Any]) -> None:
    """Writes weights and, beside them, a JSON file with ``facts`` and the SHA-256 of the weights."""
    with atomic_write(path) as partial:
        torch.save({name: value.cpu() for name, value in network.state_dict().items()}, partial)
    write_json(path.with_suffix(".json"), {**facts, "sha256": hash_of_file(path)})


def read_facts(path: Path) -> dict[str, Any]:
    """Reads the facts beside a file of weights and verifies the SHA-256 of the weights.

    Raises:
        GenzooError: a file is missing or damaged.
    """
    try:
        facts, found = json.loads(path.with_suffix(".json").read_text()), hash_of_file(path)
    except (OSError, ValueError) as error:
        raise GenzooError(f"{path}: the network cannot be read ({error}); restore or delete it.") from error
    if facts.get("sha256") != found:
        raise GenzooError(
            f"{path}: its SHA-256 is {found}, but the file beside it says {facts.get('sha256')}; restore or delete it."
        )
    return facts


def load_classifier(path: Path) -> Classifier:
    """Loads the network of a file, in evaluation mode.

    Raises:
        GenzooError: as ``read_facts``.
    """
    facts = read_facts(path)
    with torch.random.fork_rng(devices=[]):  # constructors draw from the global generator
        network = Classifier(facts["channels"], facts["classes"])
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


def classifier(path: Path) -> Extractor:
    """Returns the extractor for a file of weights.

    Raises:
        GenzooError: as ``read_facts``.
    """
    facts = read_facts(path)
    return Extractor(
        name="classifier",
        suffix="_classifier",
        registered=f"genzoo-{ARCHITECTURE}",
        weights=path,
        sha256=facts["sha256"],
        channels=facts["channels"],
        samples=10_000,
        resize="none",
        facts={key: facts[key] for key in ("trained_on", "seed", "test_accuracy")},
    )
