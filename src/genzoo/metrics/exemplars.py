"""Latent codes whose images belong to a given class."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.randomness import generator
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.extractors.classifier import load_classifier
from genzoo.metrics.extractors.extractor import to_bytes
from genzoo.metrics.extractors.training import classifier_of, has_classifier

BATCH = 128  # codes decoded at a time


def exemplars(
    module: RoundModule, data: ImageData, classes: Mapping[str, int], n: int, draws: int, seed: int, cache: Path
) -> dict[str, Tensor]:
    """Of many prior draws, returns the codes whose images a classifier assigns to a class with the highest probability.

    Args:
        module: model with the capability Decodes.
        data: the model's data, loaded.
        classes: group -> class.
        n: maximum number of codes per group.
        draws: number of prior draws.
        seed: seed of the draws.
        cache: folder for the classifier if it has to be trained.

    Returns:
        Group -> codes (n or fewer, latent.width), highest probability first.

    Raises:
        GenzooError: the data do not have such a class, or are not suited to train a classifier on.
    """
    # Check before the classifier is trained or loaded.
    for name, label in classes.items():
        if label >= data.spec.classes:
            raise GenzooError(
                f"metrics.arithmetic.classes.{name}={label}: data={data.name} has {data.spec.classes} classes, counted "
                "from 0; give one of them, or null in metrics.arithmetic.classes and seeds in groups."
            )
    if not has_classifier(data):
        raise GenzooError(
            f"metrics.arithmetic.classes: no classifier can learn from data={data.name} (images of {data.spec.size} "
            "pixels); give null, and seeds in metrics.arithmetic.groups."
        )
    # Class probabilities of the images of all draws.
    network = load_classifier(classifier_of(data, cache, module.device)).to(module.device)
    codes, levels = module.latent.sample(draws, generator(seed, "exemplars")), data.spec.levels
    images = (to_bytes(to_levels(module.decode(z.to(module.device)), levels), levels) for z in codes.split(BATCH))
    probabilities = torch.cat([network(x)[1].softmax(1).cpu() for x in images])  # (draws, classes)
    # The best n draws of each class.
    found = {}
    for name, label in classes.items():
        of_class = (probabilities.argmax(1) == label).nonzero().squeeze(1)
        order = probabilities[of_class, label].argsort(descending=True, stable=True)
        found[name] = codes[of_class[order[:n]]]
    return found
