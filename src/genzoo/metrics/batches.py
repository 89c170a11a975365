"""Batches and choice of the images on which a model is measured."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels

CHUNK = 100  #: images per call of a model


def equal_batches(levels: Tensor, n: int | None, batch_size: int) -> Iterator[Tensor]:
    """Yields images in batches of equal size, so that all batch statistics are computed over the same number of images.

    The last batch is filled up with the first images; of the outputs for all batches, use the first ``len(levels)``.

    Args:
        levels: uint8 (N, C, H, W); of continuous data float in [-1, 1].
        n: number of levels of a pixel; None = continuous.
        batch_size: images per batch.

    >>> [len(images) for images in equal_batches(torch.zeros(5, 1, 2, 2, dtype=torch.uint8), 256, batch_size=3)]
    [3, 3]
    """
    order = torch.arange(-(-len(levels) // batch_size) * batch_size) % max(len(levels), 1)
    for chosen in order.split(batch_size):
        if len(chosen):
            yield from_levels(levels[chosen], n)


def in_chunks(answer: Callable[[Tensor], Tensor], images: Tensor, device: torch.device) -> Tensor:
    """A model's answer for images (N, ...), computed for 100 of them at a time, on the CPU.

    Args:
        answer: images on the device -> the answer for each, (n, ...).
        images: on the CPU.
        device: of the model.

    >>> in_chunks(torch.neg, torch.arange(3), torch.device("cpu"))
    tensor([ 0, -1, -2])
    """
    return torch.cat([answer(part.to(device)).cpu() for part in images.split(CHUNK)])


def check_images(metric: str, images: int | None) -> None:
    """Checks a metric's number of images; None = all.

    Raises:
        GenzooError: it is neither None nor a positive integer; names the key.
    """
    if images is not None:
        check_positive(f"metrics.{metric}.images", images)


def evenly_spaced(levels: Tensor, n: int | None) -> Tensor:
    """Returns n of the images (N, C, H, W), in order; None = all. Not the first n, since some sets are sorted by class.

    >>> evenly_spaced(torch.arange(10), 4).tolist()
    [0, 2, 5, 7]
    """
    if n is None or n >= len(levels):
        return levels
    return levels[torch.arange(n) * len(levels) // n]
