"""How the classifiers that measure samples come about."""

import logging
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator, seed_all
from genzoo.data.module import ImageData
from genzoo.metrics.extractors.classifier import (
    ARCHITECTURE,
    LEAST_SIZE,
    SHIPPED,
    Classifier,
    load_classifier,
    read_record,
    save_classifier,
)
from genzoo.metrics.extractors.extractor import hash_of_content, to_bytes

log = logging.getLogger("genzoo")

SEED = 0  # one for all runs, else their numbers would not compare
BATCH = 128
PASSES = 240_000  # images seen, but each at most 12 times


def check_classifier(data: ImageData) -> None:
    """Refuses data whose samples no classifier can measure; they need not be loaded.

    Raises:
        GenzooError: the data do not fit the shipped classifier, or none can learn from them.
    """
    spec = data.spec
    if data.classifier is not None:
        record = read_record(SHIPPED / f"{data.classifier}.pt")
        takes, given = (record["channels"], record["size"]), (spec.channels, spec.size)
        if takes != given:
            raise GenzooError(
                f"metrics.fidelity.extractor=classifier: that of {data.classifier} takes images of (channels, size) "
                f"{takes}, but data={data.name} gives {given}; choose extractor=efficientnet_lite0 or inception."
            )
    elif not has_classifier(data):
        raise GenzooError(
            f"metrics.fidelity.extractor=classifier: data={data.name} gives images of {spec.size} pixels in "
            f"{spec.classes} classes, but {LEAST_SIZE} pixels and 2 classes are needed at least; "
            "choose extractor=efficientnet_lite0 or inception."
        )


def classifier_of(data: ImageData, cache: Path, device: torch.device) -> Path:
    """The weights that measure samples of ``data``: shipped, or trained once and cached.

    Args:
        data: loaded.
        cache: folder.
        device: to train on.

    Raises:
        GenzooError: the data do not fit the shipped classifier, or none can learn from them.
    """
    check_classifier(data)
    if data.classifier is not None:
        return SHIPPED / f"{data.classifier}.pt"
    known = data.development_images()
    content = hash_of_content(known.images, known.labels)
    path = cache / "classifiers" / f"{data.name}-{content}-{ARCHITECTURE}-seed{SEED}.pt"
    try:
        load_classifier(path)
    except GenzooError:  # not there yet, or damaged
        log.info(f"Training the classifier that measures samples of {data.name}, once; it will lie in {path}")
        network, record = train_classifier(data, device=device)
        save_classifier(network, path, record)
    return path


def has_classifier(data: ImageData) -> bool:
    """Whether samples of these data can be measured by a classifier."""
    return data.classifier is not None or (data.spec.classes > 1 and data.spec.size >= LEAST_SIZE)


def train_classifier(
    data: ImageData, seed: int = SEED, device: torch.device | str = "cpu"
) -> tuple[Classifier, dict[str, Any]]:
    """Trains a classifier on the labelled images of the training and validation splits, and tests it.

    Args:
        data: loaded.
        seed: of initial weights and order.
        device: to train on.

    Returns:
        The network, in evaluation mode, and what it is, in plain containers.
    """
    images, labels = _labelled(data, data.development_images(), device)
    # A constructor draws from the global generator, which others rely on.
    with torch.random.fork_rng(devices=[]):
        seed_all(seed, torch.device("cpu"))
        network = Classifier(data.spec.channels, data.spec.classes).to(device)
    epochs = min(12, math.ceil(PASSES / len(images)))
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
    """The fraction of images, uint8 (N, C, H, W), that are classified rightly; None if there are none."""
    right = [(network(x)[1].argmax(1) == y).sum() for x, y in zip(images.split(512), labels.split(512), strict=True)]
    return sum(r.item() for r in right) / len(images) if len(images) else None


def _labelled(data: ImageData, given: ImageSet, device: torch.device | str) -> tuple[Tensor, Tensor]:
    images, labels, _ = given
    known = labels >= 0
    return to_bytes(images[known], data.spec.levels).to(device), labels[known].to(device)
