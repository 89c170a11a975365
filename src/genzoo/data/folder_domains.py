"""A folder of images in two subfolders, each of which is a domain."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from PIL import Image
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.images import ImageFolder, all_splits
from genzoo.data.pixels import Seen
from genzoo.data.two_domains import TwoDomainData, check_domain

Splits = dict[str, list[Path]]  # split -> its images


@register
class FolderDomains(TwoDomainData):
    """Two subfolders of a folder, or of each of its splits; in pairs, partners have the same name in both.

    The folder has one of the forms photo/ and mask/; train/photo/, train/mask/, test/photo/ ...; trainA/, trainB/,
    testA/, testB/, whose domains are called A and B. Missing splits are taken from the training images.

    Args:
        root: the folder.
        size: height and width in pixels to which images are resized.
        channels, target_channels: of the images of the first and of the second domain: 3, or 1 for grey.
        domains: names of the subfolders in the order of the domains; None = alphabetical.
        paired: whether images of the same name are partners, whatever the endings of their files.
        palette: domain of label maps -> the colour of each class, levels of its channels.
        validation_fraction, test_fraction, fit: see ``ImageFolder``.
        options: of ``TwoDomainData``, and facts that the configuration states (levels), which are checked.

    Raises:
        GenzooError: as for ``ImageFolder``; there are not two subfolders of images, or no such domains; a palette has
            fewer than two colours, or of other channels; an image has no partner; in ``load``, partners have
            different sizes.
    """

    name = "folder_domains"
    source = "folder"
    facts: ClassVar[dict[str, int]] = {"levels": 256}

    def __init__(
        self,
        root: str | Path,
        size: int = 64,
        channels: int = 3,
        target_channels: int = 3,
        domains: Sequence[str] | None = None,
        paired: bool = True,
        palette: Mapping[str, Sequence[Sequence[int]]] | None = None,
        validation_fraction: float = 0.05,
        test_fraction: float = 0.05,
        fit: str | None = "crop",
        levels: int = 256,
        **options: Any,
    ):
        fractions = validation_fraction, test_fraction
        whole = OneFolder(root, size, channels, None, *fractions, fit=fit, levels=levels)
        names = tuple(whole.class_names if domains is None else domains)
        if len(whole.class_names) != 2 or len({*names}) != 2:
            raise GenzooError(
                f"data.root={root}: two subfolders of images are needed, the domains; it has "
                f"{', '.join(whole.class_names) or 'none that hold all images'}."
            )
        for name in names:
            check_domain(self.name, name, whole.class_names)
        super().__init__(size, channels, domains=names, target_channels=target_channels, paired=paired, **options)

        self.palettes = {name: self.checked_palette(name, colours) for name, colours in (palette or {}).items()}

        # The images of each domain and split; in pairs, the splits of the second domain follow those of the first.
        found = [of_class(whole, name) for name in names]
        chosen = [all_splits(splits, *fractions) for splits in found]
        if paired:
            chosen[1] = partners(root, names, found, chosen[0])
        self.folders = [whole.part(theirs, n) for theirs, n in zip(chosen, (channels, target_channels), strict=True)]

    def checked_palette(self, domain: str, colours: Sequence[Sequence[int]]) -> Tensor:
        """The colours of a domain's classes, uint8 (K, C).

        Raises:
            GenzooError: there is no such domain, or they are not two or more colours of its channels.
        """
        check_domain(self.name, domain, self.spec.domains)
        channels = self.spec.channels if domain == self.spec.domains[0] else self.spec.target_channels
        found = [[*colour] for colour in colours]
        if len(found) < 2 or any(len(colour) != channels or not {*colour} <= {*range(256)} for colour in found):
            raise GenzooError(
                f"data.palette.{domain}={found}: two or more colours are needed, each of {channels} levels from 0 to "
                "255."
            )
        return torch.tensor(found, dtype=torch.uint8)

    def load_domains(self) -> tuple[Mapping[str, ImageSet], Mapping[str, ImageSet]]:
        """Reads the images of both domains."""
        first, second = (folder.load() for folder in self.folders)
        if self.spec.paired:
            self.check_sizes()
        return first, second

    def check_sizes(self) -> None:
        """Checks that partners have the same size, since the same part is cut out of both.

        Raises:
            GenzooError: two have different sizes; names them.
        """
        a, b = self.folders
        for split, paths in a.chosen.items():
            for one, other in zip(paths, b.chosen[split], strict=True):
                if a.sizes[one] != b.sizes[other]:
                    raise GenzooError(
                        f"data.root={a.root}: {one} has {a.sizes[one]} pixels (width, height), but its partner "
                        f"{other} has {b.sizes[other]}; give both the same size."
                    )


class OneFolder(ImageFolder):
    """A folder of which parts, once it is listed, are read as sets of their own; it remembers sizes of images."""

    chosen: Splits
    sizes: dict[Path, tuple[int, int]]  #: of the images that were read: width, height

    def part(self, chosen: Splits, channels: int) -> "OneFolder":
        """Some of its images, without labels.

        Args:
            chosen: split -> the images.
            channels: of the images: 3, or 1 for grey.
        """
        part = copy.copy(self)
        part.spec, part.chosen, part.classes, part.sizes = (
            self.spec._replace(shape=(channels, *self.spec.shape[1:])),
            chosen,
            {},
            {},
        )
        return part

    def paths(self) -> Splits:
        """The chosen images."""
        return self.chosen

    def _upright(self, path: Path, seen: list[Seen]) -> Image.Image:
        """As for ``ImageFolder``; also stores the size."""
        picture = super()._upright(path, seen)
        self.sizes[path] = picture.size
        return picture


def of_class(folder: ImageFolder, name: str) -> Splits:
    """The images of a class in each split of a folder."""
    return {split: [p for p in paths if folder.classes[p] == name] for split, paths in folder.own_splits.items()}


def partners(root: str | Path, names: Sequence[str], found: Sequence[Splits], first: Splits) -> Splits:
    """The partners of the first domain's images.

    Args:
        root: the folder, for messages.
        names: of the domains.
        found: the images of both domains in each split of the folder.
        first: the images of the first domain in each split of the data.

    Raises:
        GenzooError: an image of either domain has no partner; names it.
    """
    known = [
        {(split, key(path, name)): path for split, paths in splits.items() for path in paths}
        for splits, name in zip(found, names, strict=True)
    ]
    for one, other, name in ((*known, names[1]), (*reversed(known), names[0])):
        if alone := sorted(path for at, path in one.items() if at not in other):
            raise GenzooError(
                f"data.root={root}: {alone[0]} has no partner of its name in {name} ({len(alone)} such images); add "
                "or remove images, or set data.paired=false."
            )
    at = {path: key for key, path in known[0].items()}
    return {split: [known[1][at[path]] for path in paths] for split, paths in first.items()}


def key(path: Path, domain: str) -> tuple[str, ...]:
    """What partners have in common: the folders below that of the domain, and the name without its ending.

    >>> key(Path("train/photo/a/1.webp"), "photo"), key(Path("trainA/1.png"), "A")
    (('a', '1'), ('1',))
    """
    folders = path.parts[:-1]
    below = folders.index(domain) + 1 if domain in folders else 1
    return (*folders[below:], path.stem)
