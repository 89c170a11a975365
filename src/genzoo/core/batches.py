"""What data sets say of themselves and what a round is made of."""

from typing import NamedTuple

from torch import Tensor

from genzoo.core.errors import GenzooError


class ImageBatch(NamedTuple):
    """Images of one stream of a round.

    Args:
        images: float in [-1, 1], (B, C, H, W).
        labels: int64 (B,); -1 = unknown.
        factors: attributes or ground-truth factors, float (B, F), or None.
    """

    images: Tensor
    labels: Tensor
    factors: Tensor | None = None


class ImageSet(NamedTuple):
    """One split of a data set, whole, on the CPU.

    Args:
        images: levels, uint8 (N, C, H, W); of continuous data float in [-1, 1].
        labels: int64 (N,); -1 = unknown.
        factors: float (N, F), or None.
    """

    images: Tensor
    labels: Tensor
    factors: Tensor | None = None


class DataSpec(NamedTuple):
    """What a data set offers, known before it is loaded.

    Args:
        name: of the data set.
        channels: 1 or 3; of continuous data any number.
        size: height and width in pixels.
        levels: number of integer levels of a pixel: 256, or 2 for binary data; None = continuous.
        classes: number of classes; 0 = no labels.
        factors: names of the columns of ``factors``.
    """

    name: str
    channels: int
    size: int
    levels: int | None = 256
    classes: int = 0
    factors: tuple[str, ...] = ()


TASKS = ("survival", "goal")  #: what ends an episode: failure or success


class EnvironmentSpec(NamedTuple):
    """What an environment offers, known before it is stepped.

    Args:
        name: of the environment.
        observations: numbers that an observation consists of.
        actions: number of actions of a finite set, or of the numbers of an action.
        policy: law of actions: ``"Categorical"`` (a finite set) or ``"Gaussian"`` (a box).
        time_limit: steps after which an episode is cut off.
        task: whether it is failure that ends an episode (``"survival"``) or success (``"goal"``); None = not known.
        demonstrations: number of steps of an expert that there are to learn from.
    """

    name: str
    observations: int
    actions: int
    policy: str
    time_limit: int
    task: str | None = "survival"
    demonstrations: int = 0


class Stream(NamedTuple):
    """A named stream of images that a turn draws from.

    Args:
        name: keyword by which the loss receives its ``ImageBatch``. Turns that name the same stream share the images.
        pool: ``"train"``: every training image; ``"labelled"``: those whose label is known.
        batches: size of one draw in batches (2 = a doubled batch).
    """

    name: str
    pool: str = "train"
    batches: int = 1


def part_of(batch: ImageBatch, first: int, batches: int, in_all: int) -> ImageBatch:
    """Some of the equally large batches that a stream consists of.

    Args:
        batch: the stream's images.
        first: index of the first batch.
        batches: number of batches.
        in_all: number of batches of the stream.

    Raises:
        GenzooError: the images do not divide into that many batches.

    Example:
        >>> import torch
        >>> part_of(ImageBatch(torch.arange(6), torch.arange(6)), first=1, batches=1, in_all=3).images
        tensor([2, 3])
    """
    if batches == in_all:
        return batch
    if len(batch.images) % in_all:
        raise GenzooError(
            f"trainer.accumulate={in_all}: {len(batch.images)} images cannot be split so; choose a divisor."
        )
    size = len(batch.images) // in_all
    part = slice(first * size, (first + batches) * size)
    factors = None if batch.factors is None else batch.factors[part]
    return ImageBatch(batch.images[part], batch.labels[part], factors)
