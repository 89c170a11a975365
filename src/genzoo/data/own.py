"""Base of the sets that users bring along: their classes, splits and sizes."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from PIL import Image
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_integer
from genzoo.data.classes import Labels, check_classes, number_classes
from genzoo.data.decoding import mode_of
from genzoo.data.division import divide
from genzoo.data.facts import check_facts
from genzoo.data.fitting import Fit
from genzoo.data.module import SPLITS, ImageData, split_of
from genzoo.data.pixels import opaque


class OwnImages(ImageData):
    """Base of the sets that users bring along.

    Subclasses set ``name`` and ``place`` (the setting that names the data, for messages), implement ``read``, and
    override ``factors_of`` if they have factors.

    Args:
        labels: part ("train", and "validation" and "test" if the set has them) -> label of each image; None = known in
            ``load`` only, which calls ``arrange``; ``spec`` then has the classes of ``classes`` or ``names``.
        size: height and width in pixels to which images are resized.
        channels: 3, or 1 for grey.
        classes: expected number of classes; None = the number of different labels.
        fit: what is done to images that are not squares of one size (``genzoo.data.fitting``); None = they are refused.
        n_validation, n_test: numbers of images of the splits that the set lacks, drawn from the training images; None =
            a twentieth of them.
        split_seed: seed of this draw.
        factors: names of the factors.
        names: names of the classes if labels are numbers of them; None = they are determined from the labels.
        options: settings of ``ImageData``, and facts that the configuration states (levels), which are checked.

    Raises:
        GenzooError: a setting is out of range, or the labels have another number of classes.
    """

    facts: ClassVar[dict[str, int]] = {"levels": 256}
    place: str

    def __init__(
        self,
        labels: Labels | None,
        size: int = 64,
        channels: int = 3,
        classes: int | None = None,
        fit: str | None = None,
        n_validation: int | None = None,
        n_test: int | None = None,
        split_seed: int = 0,
        factors: tuple[str, ...] = (),
        names: Sequence[str] | None = None,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        check_integer("data.split_seed", split_seed, 0)
        self.stated_classes = classes
        self.n_validation, self.n_test, self.split_seed = n_validation, n_test, split_seed
        if labels is not None:
            self.arrange(labels, names)
        n_classes = len(self.class_names) if labels is not None else classes or len(names or ())
        super().__init__(size, channels, classes=n_classes, factors=factors, **options)
        self.fitting = Fit(size, fit)

    def arrange(self, labels: Labels, names: Sequence[str] | None = None) -> None:
        """Numbers the classes and divides the images into splits."""
        self.class_names, self.labels = number_classes(labels, names)
        check_classes(self.stated_classes, self.class_names, self.place)
        self.counts = {part: len(theirs) for part, theirs in labels.items()}
        self.division = divide(self.counts, self.n_validation, self.n_test, self.split_seed, self.place)

    def read(self, part: str, rows: Tensor) -> Tensor:
        """Reads images of a part, uint8 (len(rows), channels, size, size).

        Raises:
            GenzooError: they cannot be read, or are not squares of one size and ``fit`` is None.
        """
        raise NotImplementedError

    def square(self, picture: Image.Image, what: str) -> Image.Image:
        """Returns a picture without transparency, of the set's channels and size; ``what`` names it, for messages."""
        return self.fitting(opaque(picture).convert(mode_of(self.spec.channels)), what)

    def factors_of(self, part: str) -> Tensor | None:
        """Returns the factors of all images of a part, float (N, F), or None."""
        return None

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the images of each split."""
        splits = {}
        for split, (part, rows) in self.division.items():
            factors = self.factors_of(part)
            splits[split] = split_of(
                self.read(part, rows), self.labels[part][rows], None if factors is None else factors[rows]
            )
        return splits

    def describe(self) -> str:
        """Returns one line with the number of images per split, the origin of the splits, and the classes."""
        own = " (splits of the data)" if len(self.counts) > 1 else ""
        return described({split: self.count(split) for split in SPLITS}, own, self.class_names)


def described(counts: Mapping[str, int], note: str, class_names: list[str]) -> str:
    """Returns one line about a user's images, with a note about their splits.

    >>> described({"train": 1200, "validation": 5, "test": 7}, "", ["cat", "dog"])
    '1,200 training, 5 validation, 7 test images; 2 classes: cat, dog'
    """
    n = {split: f"{count:,}" for split, count in counts.items()}
    names = ", ".join(class_names[:5]) + (", ..." if len(class_names) > 5 else "")
    classes = f"{len(class_names)} classes: {names}" if names else "no classes"
    return f"{n['train']} training, {n['validation']} validation, {n['test']} test images{note}; {classes}"
