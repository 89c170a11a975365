"""Whether translations keep the class of the translated images."""

from pathlib import Path

import torch
from torch import Tensor

from genzoo.core.batches import Images
from genzoo.core.cache import cache_folder
from genzoo.core.capabilities import Translates
from genzoo.core.images import to_levels
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.two_domains import OneDomain, TwoDomainData
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.extractors.classifier import Classifier, load_classifier
from genzoo.metrics.extractors.training import accuracy, classifier_of, has_classifier
from genzoo.metrics.translated import translated


@register
class TransferAccuracy:
    """The share of translations that a classifier of the target domain gives the class of the source image.

    The classifier is genzoo's, trained on the target domain's labels.

    Args:
        images: number of images of each domain, evenly spaced over the split; None = all.
        cache: folder for the classifiers that have to be trained; None = ``$XDG_CACHE_HOME/genzoo``.

    Raises:
        GenzooError: the number is not a positive integer.

    Source: Taigman et al. 2017, arXiv 1611.02200, section 5.1 (there, from SVHN to MNIST).
    """

    needs = frozenset({Translates, Images})

    def __init__(self, images: int | None = 1000, cache: str | Path | None = None):
        check_images("transfer_accuracy", images)
        self.images, self.cache = images, cache_folder(cache)

    def __call__(self, module: RoundModule, data: TwoDomainData, split: str) -> Evaluation:
        """Returns ``transfer_accuracy_ab`` and ``_ba``; nothing for data without classes."""
        values, protocol = {}, {}
        if not has_classifier(data):
            return Evaluation()
        for found in translated(module, data, split, self.images):
            target = OneDomain(data, found.domains[1])
            target.setup()
            network = load_classifier(classifier_of(target, self.cache, module.device)).to(module.device)
            values[f"transfer_accuracy_{found.name}"] = self._accuracy(network, found.translated, found.labels)
            real = target.split(split)
            on_real = accuracy(network, real.images.to(module.device), real.labels.to(module.device))
            protocol[found.name] = {"images": len(found.images), "accuracy_of_real_images": on_real}
        return Evaluation(values, protocol=protocol)

    def _accuracy(self, network: Classifier, images: Tensor, labels: Tensor) -> float:
        """The share of images (N, C, H, W) in [-1, 1] that are given the labels (N,), of those with a known one."""
        known = labels >= 0
        device = next(network.parameters()).device
        found = accuracy(network, to_levels(images[known]).to(device), labels[known].to(device))
        return torch.nan if found is None else found
