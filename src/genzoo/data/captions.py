"""Sentences about images of one shape: what they may say, and what one says."""

from collections.abc import Mapping, Sequence

import torch
from torch import Generator, Tensor

#: attribute -> its values, each with two phrases
PHRASES: Mapping[str, Sequence[tuple[str, str]]] = {
    "size": [("small", "little"), ("medium", "mid-sized"), ("large", "big")],
    "colour": [
        ("red", "crimson"),
        ("orange", "amber"),
        ("lime", "chartreuse"),
        ("green", "emerald"),
        ("cyan", "turquoise"),
        ("blue", "azure"),
        ("violet", "purple"),
        ("pink", "magenta"),
    ],
    "kind": [("square", "box"), ("ellipse", "oval"), ("triangle", "wedge"), ("cross", "plus")],
    "position": [
        ("at the upper left", "at the top left"),
        ("above the centre", "over the middle"),
        ("at the upper right", "at the top right"),
        ("left of the centre", "on the left"),
        ("in the centre", "in the middle"),
        ("right of the centre", "on the right"),
        ("at the lower left", "at the bottom left"),
        ("below the centre", "under the middle"),
        ("at the lower right", "at the bottom right"),
    ],
}
KEPT = 0.7  #: probability that a sentence says an attribute
SIZES = (0.2, 0.25)  #: bounds of small, medium and large, in widths of the image
THIRDS = (0.3 + 0.4 / 3, 0.3 + 0.8 / 3)  #: bounds of left, centre and right, and of upper, centre and lower


def values_of(kind: Tensor, hue: Tensor, radius: Tensor, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Attribute -> index of its value in ``PHRASES``, int64 (n,), of shapes (see ``genzoo.data.shapes.FACTORS``)."""
    colours = len(PHRASES["colour"])
    column, row = (torch.bucketize(place.contiguous(), torch.tensor(THIRDS)) for place in (x, y))
    return {
        "size": torch.bucketize(radius.contiguous(), torch.tensor(SIZES)),
        "colour": (hue * colours).round().long() % colours,
        "kind": kind.long(),
        "position": 3 * row + column,
    }


def describe(values: Mapping[str, Tensor], times: int, randomness: Generator) -> list[list[str]]:
    """For each of n shapes as many sentences, each of which says at least one attribute by either phrase.

    >>> shape = {name: torch.tensor([0]) for name in PHRASES}
    >>> describe(shape, 2, torch.Generator().manual_seed(1))
    [['a red square', 'a small box']]
    """
    names, n = [*PHRASES], len(values["kind"])
    chance = torch.rand(n, times, len(names), generator=randomness)
    said = (chance < KEPT) | (chance == chance.amin(2, keepdim=True))
    phrase = torch.randint(2, chance.shape, generator=randomness)
    table = torch.stack([values[name] for name in names], 1).tolist()
    return [
        [
            _sentence({name: PHRASES[name][row[i]][p[i]] for i, name in enumerate(names) if s[i]})
            for s, p in zip(each_said, each_phrase, strict=True)
        ]
        for row, each_said, each_phrase in zip(table, said.tolist(), phrase.tolist(), strict=True)
    ]


def _sentence(words: Mapping[str, str]) -> str:
    parts = [words.get("size"), words.get("colour"), words.get("kind", "shape"), words.get("position")]
    return f"a {' '.join(part for part in parts if part)}"


def understood(sentences: Sequence[str]) -> dict[str, Tensor]:
    """Attribute -> index of the value that each sentence says, int64 (n,); -1 = none.

    >>> {name: value.item() for name, value in understood(["a big pink shape"]).items()}
    {'size': 2, 'colour': 7, 'kind': -1, 'position': -1}
    """
    known = {
        name: {f" {phrase} ": i for i, phrases in enumerate(values) for phrase in phrases}
        for name, values in PHRASES.items()
    }
    return {
        name: torch.tensor([next((i for p, i in of.items() if p in f" {sentence} "), -1) for sentence in sentences])
        for name, of in known.items()
    }
