"""Choice of the labels that training sees, and of images by their class."""

from collections.abc import Sequence
from typing import Any

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


def check_classes(only: Any, classes: int, name: str) -> tuple[int, ...]:
    """Checks and returns the value of ``data.only_classes``.

    Args:
        only: distinct classes, each from 0 to ``classes`` - 1.
        classes: number of classes of the data set.
        name: name of the data set, for the message.

    Raises:
        GenzooError: the set has no labels, or the value is not such a list.
    """
    if not classes:
        raise GenzooError(f"data.only_classes={only}: data={name} has no labels; leave it out.")
    chosen = tuple(only) if isinstance(only, Sequence) and not isinstance(only, str) else ()
    if not chosen or len({*chosen}) < len(chosen) or not all(type(c) is int and 0 <= c < classes for c in chosen):
        raise GenzooError(
            f"data.only_classes={only}: a list of different classes of data={name} is needed, from 0 to {classes - 1}."
        )
    return chosen


def of_classes(images: ImageSet, classes: Sequence[int]) -> ImageSet:
    """Returns the images of these classes, in their order, with their labels.

    >>> labels = torch.tensor([3, 0, -1, 3])
    >>> of_classes(ImageSet(torch.arange(4), labels), [3]).images
    tensor([0, 3])
    """
    return images.at(torch.isin(images.labels, torch.tensor(classes)))


def known(images: ImageSet) -> ImageSet:
    """Returns the images whose label is known."""
    return images.at(images.labels >= 0)
