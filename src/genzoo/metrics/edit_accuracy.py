"""Whether edits of attributes can be seen."""

from pathlib import Path

import torch

from genzoo.core.cache import cache_folder
from genzoo.core.capabilities import EditsAttributes
from genzoo.core.images import to_levels
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import check_images
from genzoo.metrics.edited import edits
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.extractors.classifier import load_classifier
from genzoo.metrics.extractors.extractor import to_bytes
from genzoo.metrics.extractors.training import accuracy, classifier_of, has_classifier


@register
class EditAccuracy:
    """The share of edited images that a classifier of the attribute gives the edited value.

    The classifiers are genzoo's, one for each attribute, trained on images without and with it.

    Args:
        images: number of images of each edit, evenly spaced over those of the split; None = all.
        cache: folder for the classifiers that have to be trained; None = ``$XDG_CACHE_HOME/genzoo``.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({EditsAttributes})

    def __init__(self, images: int | None = 1000, cache: str | Path | None = None):
        check_images("edit_accuracy", images)
        self.images, self.cache = images, cache_folder(cache)

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``edit_accuracy``, the mean over all attributes and both edits, which the protocol lists."""
        found: dict[str, dict[str, float | None]] = {}
        shares = []
        for edit in edits(module, data, split, self.images):
            if not has_classifier(edit.labelled):
                continue
            # The edits of an attribute follow each other, and share its classifier.
            if (attribute := edit.labelled.attribute) not in found:
                network = load_classifier(classifier_of(edit.labelled, self.cache, module.device)).to(module.device)
                real = edit.labelled.split(split)
                bytes_ = to_bytes(real.images, data.spec.levels).to(module.device)
                of_real = accuracy(network, bytes_, real.labels.to(module.device))
                found[attribute] = {"accuracy_of_real_images": of_real}
            levels = to_levels(edit.edited).to(module.device)
            share = accuracy(network, levels, torch.full((len(levels),), edit.value, device=module.device))
            assert share is not None
            found[attribute]["added" if edit.value else "removed"] = share
            shares.append(share)
        return Evaluation({"edit_accuracy": sum(shares) / len(shares)} if shares else {}, protocol=found)
