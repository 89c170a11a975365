"""Numbers of classes from labels of any kind."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError

Label = int | str | None  #: number or name of a class; None or -1 = unknown
Labels = Mapping[str, Sequence[Label]]  #: part of a set -> label of each image


def number_classes(labels: Labels, names: Sequence[str] | None = None) -> tuple[list[str], dict[str, Tensor]]:
    """Numbers the classes: integers by value, names by alphabet, from 0 on and without gaps.

    Args:
        labels: labels of each part.
        names: names of the classes if the labels are already numbers of them.

    Returns:
        Names of the classes; part -> class of each image, int64 (N,), -1 = unknown.

    Example:
        >>> names, numbers = number_classes({"train": ["dog", "cat", None], "test": ["dog"]})
        >>> names, numbers["train"].tolist(), numbers["test"].tolist()
        (['cat', 'dog'], [1, 0, -1], [1])
    """
    found = {label for part in labels.values() for label in part} - {None, -1}
    ordered = sorted(found, key=lambda label: (isinstance(label, str), label)) if names is None else range(len(names))
    numbers: dict[Label, int] = {label: i for i, label in enumerate(ordered)}
    return [str(name) for name in (ordered if names is None else names)], {
        part: torch.tensor([numbers.get(label, -1) for label in theirs], dtype=torch.long)
        for part, theirs in labels.items()
    }


def check_classes(stated: int | None, names: Sequence[str], place: str) -> None:
    """Checks the number of classes that the configuration states, if it does.

    Raises:
        GenzooError: it is another one.
    """
    if stated is not None and stated != len(names):
        raise GenzooError(f"data.classes={stated}: {place} has {len(names)} classes; remove or correct the setting.")
