"""Splits and classes from the subfolders of a folder of images."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from genzoo.core.errors import GenzooError

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
_SPLIT = re.compile(rf"({'|'.join(SPLIT_NAMES)})[ _-]?([AB])?", re.IGNORECASE)  # of trainA and testB, two domains
_ALIKE = re.compile(rf"(?<![a-z])({'|'.join(SPLIT_NAMES)})(?:set)?(?![a-z])", re.IGNORECASE)  # train2017, test_set

Parts = Mapping[Path, tuple[str, ...]]  #: image -> names of its folders, from some level on, then its own name


class Layout(NamedTuple):
    """Splits and classes of a folder of images.

    Args:
        splits: "train", and "validation" and "test" if the folder has them -> images.
        classes: image -> its class; either empty, or complete with at least two classes.
    """

    splits: dict[str, list[Path]]
    classes: dict[Path, str]


def read_layout(root: Path, paths: Sequence[Path]) -> Layout:
    """Determines splits and classes of images from the names of their folders.

    A folder that contains all other folders is ignored. Subfolders called train, val, valid, validation or test are
    splits if there are at least two different ones; the folders inside of them are classes. In trainA, trainB, testA,
    testB the letters are the classes. Other subfolders are classes if there are at least two and they contain all
    images.

    Args:
        root: the folder.
        paths: paths of its images, relative to it.

    Raises:
        GenzooError: names are ambiguous, so that held-out images could be trained on.
    """
    top, below = root, {path: path.parts for path in paths}
    while name := _only_folder(below):
        top, below = top / name, _without_first(below)
    found = {name: match for name in _folders(below) if (match := _SPLIT.fullmatch(name))}
    _check_below(root, top, paths)
    if len({_split(match[1]) for match in found.values()}) < 2:
        _check_alike(top, _folders(below))
        return Layout({"train": list(paths)}, _classes(below))

    _check_splits(top, found, [name for name in {parts[0] for parts in below.values()} if name not in found])
    splits: dict[str, Parts] = {}
    for name, match in found.items():
        domain = (match[2].upper(),) if match[2] else ()
        theirs = {path: domain + parts[1:] for path, parts in below.items() if parts[0] == name}
        splits[_split(match[1])] = {**splits.get(_split(match[1]), {}), **theirs}
    while all(_only_folder(parts) for parts in splits.values()):  # train/images beside test/images
        splits = {split: _without_first(parts) for split, parts in splits.items()}
    _check_classes(top, splits)
    classes = _classes({path: parts for theirs in splits.values() for path, parts in theirs.items()})
    return Layout({split: list(parts) for split, parts in splits.items()}, classes)


def _split(name: str) -> str:
    return SPLIT_NAMES[name.lower()]


def _folders(parts: Parts) -> list[str]:
    """Returns the names of the folders of the first level, sorted."""
    return sorted({names[0] for names in parts.values() if len(names) > 1})


def _only_folder(parts: Parts) -> str | None:
    """Returns the folder of the first level that contains all images, or None."""
    first = {names[0] if len(names) > 1 else None for names in parts.values()}
    return first.pop() if len(first) == 1 else None


def _without_first(parts: Parts) -> dict[Path, tuple[str, ...]]:
    return {path: names[1:] for path, names in parts.items()}


def _classes(parts: Parts) -> dict[Path, str]:
    """Returns image -> folder of the first level if there are at least two and they contain all images; else empty."""
    complete = all(len(names) > 1 for names in parts.values()) and len(_folders(parts)) > 1
    return {path: names[0] for path, names in parts.items()} if complete else {}


def _check_splits(top: Path, found: Mapping[str, re.Match[str]], beside: Iterable[str]) -> None:
    """Refuses other folders beside splits, two folders of the same split, and splits without train."""
    kinds = [(_split(match[1]), (match[2] or "").upper()) for match in found.values()]
    train = next((name for name, match in found.items() if _split(match[1]) == "train"), None)
    if train is None:
        _refuse(
            top, found, f"there is no train; add it, or train on one of them with data.root={top / next(iter(found))}"
        )
    if len({domain == "" for _, domain in kinds}) > 1:
        _refuse(top, found, "some have a letter and others have none; name all of them alike")
    if len(set(kinds)) < len(kinds):
        _refuse(top, found, "two of them are the same split; put them into one folder, or move one away")
    if beside := sorted(beside):
        _refuse(
            top,
            found,
            f"{_some(beside)} beside them may be held out or not; move it away, or give data.root={top / train}",
        )


def _check_classes(top: Path, splits: Mapping[str, Parts]) -> None:
    """Refuses splits whose classes differ from those of train."""
    classes = {split: set(_classes(parts)) for split, parts in splits.items()}
    names = {split: set(_folders(parts)) for split, parts in splits.items()}
    if not any(classes.values()):
        return
    for split, parts in splits.items():
        if any(len(names) == 1 for names in parts.values()):
            why = f"{split} has images outside of subfolders, but in other splits the subfolders are classes"
        elif new := sorted(names[split] - names["train"]):
            why = f"{split} has the subfolder {_some(new)}, which is not a class of train"
        else:
            continue
        _refuse(top, splits, f"{why}; sort all alike, or give data.root=<the folder to train on>")


def _check_below(root: Path, top: Path, paths: Sequence[Path]) -> None:
    """Refuses splits inside of other folders, since held-out images could be trained on."""
    held: dict[Path, dict[str, str]] = {}
    for folder in {above for lowest in {path.parent for path in paths} for above in (lowest, *lowest.parents)}:
        if match := _SPLIT.fullmatch(folder.name):
            held.setdefault(root / folder.parent, {})[_split(match[1])] = folder.name
    for parent, names in sorted(held.items()):
        if len(names) > 1 and parent != top:
            _refuse(
                parent,
                names.values(),
                f"lying below {top}, they would be mixed; give data.root={parent}, or put the splits above all else",
            )


def _check_alike(top: Path, folders: Sequence[str]) -> None:
    """Refuses names that look like splits but are not recognised: train2017, test_set."""
    alike = {name: match for name in folders if (match := _ALIKE.search(name))}
    if len({_split(match[1]) for match in alike.values()}) > 1 and 2 * len(alike) >= len(folders):
        _refuse(
            top,
            alike,
            "they look like splits; call them train, validation and test, or give data.root=<the one to train on>",
        )


def _refuse(top: Path, names: Iterable[str], why: str) -> None:
    raise GenzooError(f"data.root={top}: it holds {_some(sorted(names))}: {why}.")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
