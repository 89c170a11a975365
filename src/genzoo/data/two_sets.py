"""Two sets of images as two domains."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch

from genzoo.core.batches import DataSpec, ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.module import ImageData
from genzoo.data.two_domains import TwoDomainData


@register
class TwoSets(TwoDomainData):
    """Two sets of images; if both have as many classes, these are the same classes.

    Args:
        a, b: functions that build the sets, not loaded, with the size and channels of a ``DataSpec``.
        size: height and width in pixels of the images of both.
        channels, target_channels: 1 or 3, of the images of the first and of the second set.
        enlarged, flip: see ``Jitter``; for training images.
        train_sizes: numbers of training images that are drawn from each set; None = all.
        train_seed: seed of this draw.
        options: of ``ImageData``, and facts that the configuration states, which are checked.

    Raises:
        GenzooError: a set has images of another size or other channels, or is the same as the other; the numbers are
            not two positive integers; in ``load``, a set has fewer training images.
    """

    name = "two_sets"
    facts: ClassVar[dict[str, int]] = {"levels": 256}

    def __init__(
        self,
        a: Callable[[DataSpec], ImageData],
        b: Callable[[DataSpec], ImageData],
        size: int = 28,
        channels: int = 1,
        target_channels: int = 1,
        enlarged: float | None = None,
        flip: bool = False,
        train_sizes: Sequence[int] | None = None,
        train_seed: int = 0,
        **options: Any,
    ):
        self.sets = a(DataSpec("a", (channels, size, size))), b(DataSpec("b", (target_channels, size, size)))
        for key, data, n in (("a", self.sets[0], channels), ("b", self.sets[1], target_channels)):
            if (found := (data.spec.channels, data.spec.size)) != (n, size):
                raise GenzooError(
                    f"data.{key}: data={data.name} has images of (channels, size) {found}, but {(n, size)} is needed; "
                    "change data.size, data.channels or data.target_channels, or choose another set."
                )
        options = check_facts(self.name, self.facts, options)
        names = tuple(data.name for data in self.sets)
        if names[0] == names[1]:
            raise GenzooError(f"data.a and data.b are both {names[0]}; choose two different sets.")
        classes = {data.spec.classes for data in self.sets}
        shared = {"classes": classes.pop() if len(classes) == 1 else 0, "domains": names, "paired": False}
        super().__init__(
            size, channels, target_channels=target_channels, enlarged=enlarged, flip=flip, **shared, **options
        )
        self.classifier = self.sets[0].classifier
        sizes = [None, None] if train_sizes is None else [*train_sizes]
        if train_sizes is not None and (len(sizes) != 2 or not all(type(n) is int and n > 0 for n in sizes)):
            raise GenzooError(f"data.train_sizes={sizes}: two positive integers are needed, or null for all images.")
        self.train_sizes, self.train_seed = sizes, train_seed

    def prepare_data(self) -> None:
        """Downloads the sets' files if they are missing."""
        for data in self.sets:
            data.prepare_data()

    def load_domains(self) -> tuple[Mapping[str, ImageSet], Mapping[str, ImageSet]]:
        """Reads both sets."""
        found = [{split: images._replace(factors=None) for split, images in data.load().items()} for data in self.sets]
        for splits, data, n in zip(found, self.sets, self.train_sizes, strict=True):
            splits["train"] = self.drawn(splits["train"], data.name, n)
        self.source = "+".join(dict.fromkeys(data.source for data in self.sets))
        return found[0], found[1]

    def drawn(self, images: ImageSet, name: str, n: int | None) -> ImageSet:
        """n of a set's training images, drawn at random; None = all.

        Raises:
            GenzooError: there are fewer.
        """
        if n is None:
            return images
        if n > len(images.images):
            raise GenzooError(
                f"data.train_sizes={self.train_sizes}: data={name} has {len(images.images)} training images."
            )
        order = torch.randperm(len(images.images), generator=generator(self.train_seed, "train_sizes", name))
        return images.at(order[:n])
