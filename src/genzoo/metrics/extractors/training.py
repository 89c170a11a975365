"""Training of the classifiers that serve as feature extractors."""

import logging
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.hashes import hash_of_content
from genzoo.core.randomness import generator, seed_all
from genzoo.data.module import ImageData
from genzoo.metrics.extractors.classifier import (
    ARCHITECTURE,
    LEAST_SIZE,
    SHIPPED,
    Classifier,
    load_classifier,
    read_facts,
    save_weights,
)
from genzoo.metrics.extractors.extractor import to_bytes

log = logging.getLogger("genzoo")

SEED = 0  # the same for all runs, so that their metrics are comparable
BATCH = 128
IMAGES_SEEN = 240_000  # training images in total, but at most 12 epochs


def check_classifier(data: ImageData) -> None:
    """Checks that a classifier can be the feature extractor for these data, which need not be loaded.

    Raises:
        GenzooError: the data do not fit the shipped classifier, or are not suited to train one on.
    """
    spec = data.spec
    if data.classifier is not None:
        shipped = read_facts(SHIPPED / f"{data.classifier}.pt")
        takes, given = (shipped["channels"], shipped["size"]), (spec.channels, spec.size)
        if takes != given:
            raise GenzooError(
                f"metrics.fidelity.extractor=classifier: the classifier of {data.classifier} takes images of "
                f"(channels, size) {takes}, but data={data.name} gives {given}; choose extractor=efficientnet_lite0 "
                "or inception."
            )
    elif not has_classifier(data):
        raise GenzooError(
            f"metrics.fidelity.extractor=classifier: data={data.name} gives images of {spec.size} pixels in "
            f"{spec.classes} classes, but {LEAST_SIZE} pixels and 2 classes are needed at least; "
            "choose extractor=efficientnet_lite0 or inception."
        )


def classifier_of(data: ImageData, cache: Path, device: torch.device) -> Path:
    """Returns the classifier's weights for ``data``: shipped with genzoo, or trained once and cached.

    Args:
        data: the data, loaded.
        cache: folder for trained classifiers.
        device: device to train on.

    Raises:
        GenzooError: the data do not fit the shipped classifier, or are not suited to train one on.
    """
    check_classifier(data)
    if data.classifier is not None:
        return SHIPPED / f"{data.classifier}.pt"
    known = data.development_images()
    content = hash_of_content(known.images, known.labels)
    path = cache / "classifiers" / f"{data.name}-{content}-{ARCHITECTURE}-seed{SEED}.pt"
    try:
        load_classifier(path)
    except GenzooError:  # not trained yet, or damaged
        log.info(f"Training the feature extractor for {data.name}, a classifier, once; it is stored in {path}")
        network, facts = train_classifier(data, device=device)
        save_weights(network, path, facts)
    return path


def has_classifier(data: ImageData) -> bool:
    """Whether a classifier can be the feature extractor for these data."""
    return data.classifier is not None or (data.spec.classes > 1 and data.spec.size >= LEAST_SIZE)


def train_classifier(
    data: ImageData, seed: int = SEED, device: torch.device | str = "cpu"
) -> tuple[Classifier, dict[str, Any]]:
    """Trains a classifier on the labelled images of the training and validation splits, and tests it.

    Args:
        data: the data, loaded.
        seed: seed of initial weights and data order.
        device: device to train on.

    Returns:
        The network, in evaluation mode, and facts about it (data, seed, test accuracy, ...) in plain containers.
    """
    images, labels = _labelled(data, data.development_images(), device)
    # The constructor draws from the global generator, whose state must not change.
    with torch.random.fork_rng(devices=[]):
        seed_all(seed, torch.device("cpu"))
        network = Classifier(data.spec.channels, data.spec.classes).to(device)
    # At most 12 epochs, with Adam and a one-cycle learning rate.
    epochs = min(12, math.ceil(IMAGES_SEEN / len(images)))
    steps = epochs * math.ceil(len(images) / BATCH)
    optimizer = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    with torch.enable_grad():
        for epoch in range(epochs):
            order = torch.randperm(len(images), generator=generator(seed, "classifier", epoch)).to(device)
            for chosen in order.split(BATCH):
                optimizer.zero_grad()
                F.cross_entropy(network(images[chosen])[1], labels[chosen]).backward()
                optimizer.step()
                schedule.step()
    network.eval()
    return network, {
        "trained_on": {"data": data.name, "source": data.source, "images": len(images)},
        "channels": data.spec.channels,
        "size": data.spec.size,
        "classes": data.spec.classes,
        "architecture": ARCHITECTURE,
        "seed": seed,
        "epochs": epochs,
        "test_accuracy": accuracy(network, *_labelled(data, data.evaluation_images("test"), device)),
    }


@torch.no_grad()
def accuracy(network: Classifier, images: Tensor, labels: Tensor) -> float | None:
    """Returns the fraction of images, uint8 (N, C, H, W), classified correctly; None if there are no images."""
    right = [(network(x)[1].argmax(1) == y).sum() for x, y in zip(images.split(512), labels.split(512), strict=True)]
    return sum(r.item() for r in right) / len(images) if len(images) else None


def _labelled(data: ImageData, given: ImageSet, device: torch.device | str) -> tuple[Tensor, Tensor]:
    images, labels, *_ = given
    known = labels >= 0
    return to_bytes(images[known], data.spec.levels).to(device), labels[known].to(device)
