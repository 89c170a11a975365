"""Nearest-neighbour classification of a model's features or codes."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import torch
from torch import Tensor

from genzoo.core.capabilities import Encodes, Features
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.labels import known
from genzoo.data.module import ImageData
from genzoo.metrics.batches import equal_batches
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.nearest import nearest


def votes(labels: Tensor) -> Tensor:
    """The most frequent class (N,) of each row of neighbours; of equally frequent ones that of the nearest neighbour.

    Args:
        labels: classes (N, k) of the neighbours, the nearest first.

    Example:
        >>> votes(torch.tensor([[2, 0, 0], [2, 0, 1]]))
        tensor([0, 2])
    """
    k = labels.shape[1]
    # The first neighbour of a class adds more to its count than all later ones to theirs, and all together less than 1.
    weights = 1 + (k + 1.0) ** -torch.arange(1, k + 1, dtype=torch.float64, device=labels.device)
    counts = torch.zeros(len(labels), int(labels.max()) + 1, dtype=torch.float64, device=labels.device)
    return counts.scatter_add(1, labels, weights.expand(len(labels), -1)).argmax(1)


class _NearestNeighbourError:
    """The error of a nearest-neighbour classifier whose references are the labelled training images.

    Args:
        neighbours: k, the number of neighbours that vote.
        batch_size: images per pass; with batch statistics, part of the protocol.

    Raises:
        GenzooError: a setting is not a positive integer.
    """

    name: ClassVar[str]

    def __init__(self, neighbours: int = 1, batch_size: int = 128):
        check_positive("metrics.knn.neighbours", neighbours)
        check_positive("metrics.knn.batch_size", batch_size)
        self.neighbours, self.batch_size = neighbours, batch_size

    def embedding(self, module: RoundModule) -> Callable[[Tensor], Tensor]:
        """The function from images (B, C, H, W) to vectors (B, F)."""
        raise NotImplementedError

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns the fraction of the split's images classified wrongly; empty without labels.

        Raises:
            GenzooError: there are fewer labelled training images than neighbours.
        """
        train, measured = (known(data.evaluation_images(s)) for s in ("train", split))
        if not data.spec.classes or not len(train.labels) or not len(measured.labels):
            return Evaluation()
        if self.neighbours > len(train.labels):
            raise GenzooError(
                f"metrics.knn.neighbours={self.neighbours}: data={data.name} has only {len(train.labels)} labelled "
                "training images; choose fewer."
            )
        embed = self.embedding(module)

        def embedded(images: Tensor) -> Iterator[Tensor]:
            left = len(images)
            for batch in equal_batches(images, data.spec.levels, self.batch_size):
                yield embed(batch.to(module.device))[:left]  # without the images that fill up the last batch
                left -= len(batch)

        queries = torch.cat(list(embedded(measured.images)))
        _, indices = nearest(queries, embedded(train.images), self.neighbours)
        predicted = votes(train.labels[indices.cpu()])
        protocol = {
            "neighbours": self.neighbours,
            "distance": "Euclidean",
            "features": queries.shape[1],
            "training_images": len(train.labels),
            "images": len(measured.labels),
            "batch_size": self.batch_size,
            "batch_norm": module.batch_norm,
        }
        name = self.name if self.neighbours == 1 else f"{self.name}_k{self.neighbours}"
        return Evaluation({name: (predicted != measured.labels).double().mean().item()}, protocol=protocol)


@register
class FeatureKNN(_NearestNeighbourError):
    """The error of a nearest-neighbour classifier on a model's features, ``knn_error``.

    Args:
        neighbours: k, the number of neighbours that vote; for k > 1 the name ends in ``_k<k>``.
        batch_size: images per pass; with batch statistics, part of the protocol.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: BiGAN (Donahue et al. 2017, arXiv 1605.09782), section 4.1; jeffdonahue/bigan, train_gan.py: NNC_e-.
    """

    needs, name = frozenset({Features}), "knn_error"

    def embedding(self, module: RoundModule) -> Callable[[Tensor], Tensor]:
        """The model's features."""
        return module.features


@register
class CodeKNN(_NearestNeighbourError):
    """The error of a nearest-neighbour classifier on a model's codes, ``knn_error_codes``.

    Args:
        neighbours, batch_size: see ``FeatureKNN``.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: jeffdonahue/bigan, train_gan.py: NNC_e.
    """

    needs, name = frozenset({Encodes}), "knn_error_codes"

    def embedding(self, module: RoundModule) -> Callable[[Tensor], Tensor]:
        """The model's codes."""
        return module.encode
