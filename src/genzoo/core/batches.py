"""Descriptions of data sets, and the batches and streams of a round."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.parts import Parts


def of_each(function: Callable[..., Tensor], *fields: Any) -> Any:
    """The function of a field of one or more batches: of tensors, or of those of each key; None if there is none."""
    first, *_ = fields
    if first is None:
        return None
    if isinstance(first, Mapping):
        return {key: function(*(field[key] for field in fields)) for key in first}
    return function(*fields)


class ImageBatch(NamedTuple):
    """A batch of images, or of other data of the set's shape, of one stream of a round.

    Args:
        images: float in [-1, 1], (B, C, H, W); of tokens, their numbers, integers (B, 1, T); of showers and
            jets, energies in GeV, float (B, cells); of tunes, the numbers of their events, float (B, 4, T).
        labels: int64 (B,); -1 = unknown.
        factors: attributes or ground-truth factors, float (B, F), or None; for measuring.
        target: the second image of each pair, float in [-1, 1], (B, C', H, W), or None.
        given: what an image is asked for by, such as its caption: name -> (B, ...); or None.
    """

    images: Tensor
    labels: Tensor
    factors: Tensor | None = None
    target: Tensor | None = None
    given: Mapping[str, Tensor] | None = None

    def each(self, function: Callable[[Tensor], Tensor]) -> "ImageBatch":
        """The function of each tensor."""
        return ImageBatch._make(of_each(function, field) for field in self)


class ImageSet(NamedTuple):
    """A whole split of a data set, on the CPU.

    Args:
        images: levels, uint8 (N, C, H, W); for continuous data float in [-1, 1].
        labels: int64 (N,); -1 = unknown.
        factors: float (N, F), or None.
        target: the second image of each pair, levels, uint8 (N, C', H, W), or None.
        given: what an image is asked for by: name -> (N, ...); with several for each image, (N, K, ...); or None.
    """

    images: Tensor
    labels: Tensor
    factors: Tensor | None = None
    target: Tensor | None = None
    given: Mapping[str, Tensor] | None = None

    def each(self, function: Callable[[Tensor], Tensor]) -> "ImageSet":
        """The function of each tensor."""
        return ImageSet._make(of_each(function, field) for field in self)

    def joined(self, other: "ImageSet") -> "ImageSet":
        """These images, then those of another set with the same fields.

        >>> one = ImageSet(torch.arange(2), torch.arange(2), given={"caption": torch.arange(2)})
        >>> one.joined(one).given["caption"]
        tensor([0, 1, 0, 1])
        """
        pairs = zip(self, other, strict=True)
        return ImageSet._make(of_each(lambda *both: torch.cat(both), *pair) for pair in pairs)

    def at(self, chosen: Tensor | slice) -> "ImageSet":
        """Some of the images, by index or mask.

        >>> ImageSet(torch.arange(4), torch.arange(4)).at(slice(2)).images
        tensor([0, 1])
        """
        return self.each(lambda field: field[chosen])


class Shown:
    """Kind of data: whatever ``genzoo.metrics.show`` shows as pictures: images, volumes, videos and tunes."""


class Images:
    """Kind of data: levels of pixels along height and width."""


class Volumes:
    """Kind of data: levels of cells along depth, height and width."""


class Tokens:
    """Kind of data: sequences of tokens."""


class Videos:
    """Kind of data: pictures that follow each other in time; they are shown as strips of frames."""


class Showers:
    """Kind of data: energies in cells of a detector, whose layers are the parts of a vector; so are images of jets."""


class Events:
    """Kind of data: sequences of events, such as the notes of tunes, each of several real numbers."""


class DataSpec(NamedTuple):
    """Properties of a data set that are known before it is loaded.

    Args:
        name: name of the data set.
        shape: of an image, (C, H, W), or of other data: the number of channels, and the size along each axis.
        levels: number of integer levels of a pixel: 256, or 2 for binary data; None = continuous. Of tokens, the size
            of the vocabulary.
        classes: number of classes; 0 = no labels.
        factors: names of the columns of ``factors``.
        domains: names of the two domains of images, each a pool of its own; none for an ordinary set.
        target_channels: channels of the images of the second domain.
        paired: whether each image of the first domain has a partner in the second one, its ``target``.
        axes: a letter per axis after the channels: ``"hw"`` for images, ``"thw"`` for videos, ``"dhw"`` for volumes,
            ``"t"`` for sequences, ``"e"`` for those of events, which are not evenly spaced in time; none for a vector.
        given: what an image is asked for by: name -> shape.
        vocabulary: the tokens, whose levels have no order; none for levels of pixels. An empty one is the end of a
            sequence.
        separator: what stands between two tokens of a text; none between characters.
        parts: the parts of a vector, such as a shower's layers; None for other data.
    """

    name: str
    shape: tuple[int, ...]
    levels: int | None = 256
    classes: int = 0
    factors: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    target_channels: int = 0
    paired: bool = False
    axes: str = "hw"
    given: Mapping[str, tuple[int, ...]] = {}
    vocabulary: tuple[str, ...] = ()
    separator: str = " "
    parts: Parts | None = None

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.shape[0]

    @property
    def size(self) -> int:
        """Height and width in pixels, or the size along the only axis."""
        return self.shape[-1]

    @property
    def kinds(self) -> frozenset[type]:
        """The kinds of data that it is, which metrics may need; points are of none."""
        if self.vocabulary:
            return frozenset({Tokens})
        if self.parts:
            return frozenset({Showers})
        if self.axes == "e":
            return frozenset({Events, Shown})
        kind = {"hw": Images, "dhw": Volumes, "thw": Videos}.get(self.axes)
        return frozenset() if self.levels is None or kind is None else frozenset({kind, Shown})

    @property
    def scaled(self) -> int | None:
        """Number of levels that are scaled to [-1, 1]; None for continuous data and tokens, which stay as they are."""
        return None if self.vocabulary else self.levels

    def text(self, tokens: Iterable[int]) -> str:
        """The text of a sequence of tokens, up to its end.

        >>> DataSpec("letters", (1, 4), vocabulary=("", "a", "b"), separator="").text([2, 1, 0, 1])
        'ba'
        """
        return self.separator.join(itertools.takewhile(bool, (self.vocabulary[token] for token in tokens)))


TASKS = ("survival", "goal")  #: an episode ends by failure or by success


class EnvironmentSpec(NamedTuple):
    """Properties of an environment that are known before its first step.

    Args:
        name: name of the environment.
        observations: dimension of an observation.
        actions: number of discrete actions, or dimension of a continuous action.
        policy: distribution of actions: ``"Categorical"`` (discrete) or ``"Gaussian"`` (continuous, a box).
        time_limit: number of steps after which an episode is truncated.
        task: whether an episode ends by failure (``"survival"``) or by success (``"goal"``); None = unknown.
        demonstrations: number of an expert's steps in the training data.
    """

    name: str
    observations: int
    actions: int
    policy: str
    time_limit: int
    task: str | None = "survival"
    demonstrations: int = 0

    @property
    def kinds(self) -> frozenset[type]:
        """No kind of data."""
        return frozenset()


class Stream(NamedTuple):
    """A named stream of images, the input of a turn.

    Args:
        name: keyword argument of the loss for the ``ImageBatch``. Turns with the same stream share its images.
        pool: ``"train"``: all training images; ``"labelled"``: training images with a known label; ``"A"``, ``"B"``:
            training images of the first and of the second domain.
        batches: number of batches per repeat of the turn (2 = a doubled batch).
        weights: weights of the pool's images, (N,), not necessarily normalised; batches are then drawn with
            replacement by them. None = the pool is iterated over in random order. To change the weights, give a new
            tensor.
    """

    name: str
    pool: str = "train"
    batches: int = 1
    weights: Tensor | None = None

    def __eq__(self, other: object) -> bool:
        """Whether all fields are equal; weights are if all their values are."""
        if not isinstance(other, Stream) or self[:3] != other[:3]:
            return False
        if self.weights is None or other.weights is None:
            return self.weights is other.weights
        return self.weights is other.weights or torch.equal(self.weights, other.weights)

    def __ne__(self, other: object) -> bool:
        """The opposite of equality; tuples would compare the fields one by one."""
        return not self == other

    def __hash__(self) -> int:
        """A hash that equal streams share."""
        return hash(self[:3])


def part_of(batch: ImageBatch, first: int, batches: int, in_all: int) -> ImageBatch:
    """A range of consecutive batches of a stream that consists of batches of equal size.

    Args:
        batch: the stream's images.
        first: index of the first batch.
        batches: number of batches.
        in_all: number of batches of the stream.

    Raises:
        GenzooError: the number of images is not divisible by the number of batches.

    Example:
        >>> import torch
        >>> part_of(ImageBatch(torch.arange(6), torch.arange(6)), first=1, batches=1, in_all=3).images
        tensor([2, 3])
    """
    if batches == in_all:
        return batch
    if len(batch.images) % in_all:
        raise GenzooError(
            f"trainer.accumulate={in_all}: {len(batch.images)} images cannot be split into equal parts; choose a "
            "divisor."
        )
    size = len(batch.images) // in_all
    part = slice(first * size, (first + batches) * size)
    return batch.each(lambda field: field[part])
