"""Division of images into training, validation and test images."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator

FRACTION = 0.05  #: of the training images, for a split whose number of images is not given


class Rows(NamedTuple):
    """Images of a split.

    Args:
        part: the part of the user's data to which they belong.
        rows: int64 (N,), positions in this part, in random order: any beginning is a fair sample.
    """

    part: str
    rows: Tensor


def divide(
    counts: Mapping[str, int],
    n_validation: int | None,
    n_test: int | None,
    seed: int,
    place: str,
    what: str = "images",
) -> dict[str, Rows]:
    """Divides the images of a set; a split that the set lacks is drawn from its training images.

    Args:
        counts: "train", and "validation" and "test" if the set has them -> number of images.
        n_validation, n_test: numbers of images of the splits that the set lacks; None = a twentieth.
        seed: seed of the draw.
        place: the setting that names the data, for messages.
        what: what is divided, likewise.

    Raises:
        GenzooError: there are no training images, none is left for training, or a number is given for a split that the
            set has.

    Example:
        >>> {split: len(found.rows) for split, found in divide({"train": 10, "test": 3}, 4, None, 0, "toy").items()}
        {'train': 6, 'validation': 4, 'test': 3}
    """
    in_all, asked = counts.get("train", 0), {"validation": n_validation, "test": n_test}
    if not in_all:
        raise GenzooError(f"{place}: it has no training {what}; add some.")
    taken: dict[str, int] = {}
    for split, number in asked.items():
        if number is not None:
            check_integer(f"data.n_{split}", number, 0)
        if split in counts:
            if number is not None:
                raise GenzooError(
                    f"data.n_{split}={number}: {place} has {split} {what} of its own; leave the setting out."
                )
        else:
            taken[split] = min(round(FRACTION * in_all), in_all - 1) if number is None else number
    if sum(taken.values()) >= in_all:
        settings = " ".join(f"data.n_{split}={number}" for split, number in taken.items())
        raise GenzooError(
            f"{settings}: {place} has {in_all} {what}, and at least one must remain for training; choose fewer."
        )
    orders = {
        part: torch.randperm(count, generator=generator(seed, "division", part)) for part, count in counts.items()
    }
    divided, start = {}, in_all - sum(taken.values())
    divided["train"] = Rows("train", orders["train"][:start])
    for split in asked:
        if split in counts:
            divided[split] = Rows(split, orders[split])
        else:
            divided[split] = Rows("train", orders["train"][start : start + taken[split]])
            start += taken[split]
    return divided
