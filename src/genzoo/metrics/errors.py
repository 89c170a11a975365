"""Number of images that a classifier assigns to a wrong class."""

import torch
from torch import Tensor

from genzoo.core.capabilities import Classifies
from genzoo.core.checks import check_positive
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.labels import known
from genzoo.data.module import ImageData
from genzoo.metrics.batches import equal_batches
from genzoo.metrics.evaluation import Evaluation


@register
class ClassificationErrors:
    """Counts the labelled images of a split that a model assigns to a wrong class.

    Args:
        batch_size: images per pass, part of the protocol if outputs depend on the batch; None = the recipe's batch
            size.

    Raises:
        GenzooError: the batch size is not a positive integer.

    Source: Salimans et al. 2016, arXiv 1606.03498, section 6; openai/improved-gan, mnist_svhn_cifar10, which
    counts them every epoch on test images with averaged parameters and without noise.
    """

    needs = frozenset({Classifies})

    def __init__(self, batch_size: int | None = None):
        if batch_size is not None:
            check_positive("metrics.errors.batch_size", batch_size)
        self.batch_size = batch_size

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``errors``, the number of wrong images, and ``error``, their fraction; empty without labels."""
        labels = known(data.split(split)).labels
        if not len(labels):
            return Evaluation()
        wrong = self.count(self.probabilities(module, data, split), labels)
        return Evaluation(
            {"errors": wrong, "error": wrong / len(labels)}, protocol=self.protocol(module, data, len(labels))
        )

    def probabilities(self, module: RoundModule, data: ImageData, split: str) -> Tensor:
        """Returns class probabilities, float (N, K) on the CPU, of the labelled images."""
        images = known(data.evaluation_images(split)).images
        batches = equal_batches(images, data.spec.levels, self.batch_size or data.batch_size)
        logits = torch.cat([module.classify(batch.to(module.device)) for batch in batches])
        return at_least_float32(logits)[: len(images)].softmax(1).cpu()

    def count(self, probabilities: Tensor, labels: Tensor) -> int:
        """Returns the number of images whose label (N,) is not the class of highest probability (N, K)."""
        return int((probabilities.argmax(1) != labels).sum())

    def protocol(self, module: RoundModule, data: ImageData, images: int) -> dict[str, object]:
        """Returns the conditions that the numbers depend on: images, averages, batch norm, training labels."""
        n = data.labels_per_class
        return {
            "images": images,
            "averages": sorted(module.averages),
            "batch_size": self.batch_size,
            "batch_norm": module.batch_norm,
            "labels_per_class": n,
            "training_labels": "all" if n is None else n * data.spec.classes,
            "label_seed": data.label_seed,
        }
