"""Images of shapes with sentences about them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError, near
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.text import to_numbers, to_sentences
from genzoo.data.captions import PHRASES, describe, understood, values_of
from genzoo.data.facts import check_facts
from genzoo.data.shape_reader import read_shapes
from genzoo.data.shapes import Shapes, uniform_factors

LENGTH = 64  #: of a caption in characters, at most
UNSEEN = ("green cross", "red square", "blue triangle", "violet ellipse")


@register
class CaptionedShapes(Shapes):
    """Coloured shapes, each with sentences that say some of its size, colour, kind and position.

    Captions are numbers of characters (``genzoo.core.text``), uint8 (captions, 64); an image has several.

    Args:
        captions: number of captions of an image.
        unseen: colours and kinds, such as ``green cross``, that training and validation images do not combine.
        size, options: of ``Shapes``; facts that the configuration states (channels, levels, classes) are checked.

    Raises:
        GenzooError: a number is not positive, a colour or kind is unknown, or no combination is left.
    """

    name = "captioned_shapes"
    facts: ClassVar[dict[str, int]] = {"channels": 3, "levels": 256, **Shapes.facts}

    def __init__(self, size: int = 32, captions: int = 4, unseen: Sequence[str] = UNSEEN, **options: Any):
        stated = {key: options.pop(key) for key in self.facts if key in options}
        super().__init__(size, **options, **check_facts(self.name, self.facts, stated))
        check_positive("data.captions", captions)
        self.captions, self.unseen = captions, {_combination(one) for one in unseen}
        if len(self.unseen) == len(PHRASES["colour"]) * len(PHRASES["kind"]):
            raise GenzooError("data.unseen: these are all combinations, so that none is left for training; name fewer.")
        self.spec = self.spec._replace(given={"caption": (captions, LENGTH)})

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits and their captions."""
        return {split: found._replace(given=self.given(found, split)) for split, found in super().load().items()}

    def given(self, images: ImageSet, split: str) -> dict[str, Tensor]:
        """What images are asked for by: captions."""
        sentences = describe(_values(images.factors), self.captions, generator(self.shapes_seed, "captions", split))
        numbers = to_numbers([one for several in sentences for one in several], LENGTH)
        return {"caption": numbers.view(-1, self.captions, LENGTH)}

    def draw_factors(self, split: str, n: int) -> Tensor:
        """The factors (n, 6) of the images of a split; of the unseen combinations, only in the test split."""
        if split == "test":
            return super().draw_factors(split, n)
        randomness, factors = generator(self.shapes_seed, "shapes", split), torch.empty(0, len(self.spec.factors))
        while len(factors) < n:
            drawn = uniform_factors(n, randomness)
            factors = torch.cat([factors, drawn[~self.new(_values(drawn))]])[:n]
        return factors

    # What is asked for, and what images show.

    def asked(self, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Attribute -> index of the value that the first caption says, int64 (n,); -1 = none."""
        return understood(self.sentences(given))

    def sentences(self, given: Mapping[str, Tensor]) -> list[str]:
        """The first caption of each row."""
        return to_sentences(given["caption"][:, 0])

    def read(self, images: Tensor) -> dict[str, Tensor]:
        """Attribute -> index of the value that images, levels, uint8 (n, 3, H, W), show, int64 (n,); -1 = none."""
        shown, *factors = read_shapes(images)
        return {name: value.where(shown, -1) for name, value in values_of(*factors).items()}

    def new(self, asked: Mapping[str, Tensor]) -> Tensor:
        """Whether training images do not combine the values, bool (n,)."""
        pairs = zip(asked["colour"].tolist(), asked["kind"].tolist(), strict=True)
        return torch.tensor([pair in self.unseen for pair in pairs], dtype=torch.bool)


def _values(factors: Tensor | None) -> dict[str, Tensor]:
    assert factors is not None
    kind, hue, radius, x, y, _ = factors.T
    return values_of(kind, hue, radius, x, y)


def _combination(words: str) -> tuple[int, int]:
    """The indices of a colour and a kind.

    >>> _combination("green cross")
    (3, 3)
    """
    colours, kinds = ([first for first, _ in PHRASES[name]] for name in ("colour", "kind"))
    colour, _, kind = words.partition(" ")
    for word, known in ((colour, colours), (kind, kinds)):
        if word not in known:
            raise GenzooError(f"data.unseen={words}: a colour and a kind are needed. {near(word, known)}")
    return colours.index(colour), kinds.index(kind)
