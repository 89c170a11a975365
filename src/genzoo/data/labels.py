"""Choice of the labels that training sees."""

import torch
from torch import Generator, Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError


def draw_labelled(labels: Tensor, per_class: int, classes: int, randomness: Generator, key: str, name: str) -> Tensor:
    """Draws the indices of ``per_class`` images of each class: the first ones in a random order of all images.

    Args:
        labels: int64 (N,); -1 = unknown.
        per_class: number of images per class.
        classes: number of classes.
        randomness: generator of the order.
        key: configuration key of ``per_class``, for the message.
        name: name of the data set, for the message.

    Returns:
        int64 (classes * per_class,).

    Raises:
        GenzooError: a class has fewer labels.

    Source: openai/improved-gan, mnist_svhn_cifar10/train_mnist_feature_matching.py.

    >>> labels = torch.tensor([0, 1, 1, 0, -1, 0])
    >>> labels[draw_labelled(labels, 2, 2, Generator(), "data.labels_per_class", "toy")].sort().values.tolist()
    [0, 0, 1, 1]
    """
    order = torch.randperm(len(labels), generator=randomness)
    kept = []
    for c in range(classes):
        of_class = (labels[order] == c).nonzero().flatten()
        if len(of_class) < per_class:
            raise GenzooError(
                f"{key}={per_class}: data={name} has only {len(of_class)} labelled training images of class {c}; "
                "choose fewer, or null for all."
            )
        kept.append(of_class[:per_class])
    return order[torch.cat(kept).sort().values]


def known(images: ImageSet) -> ImageSet:
    """Returns the images whose label is known."""
    chosen = images.labels >= 0
    return ImageSet(*(None if field is None else field[chosen] for field in images))
