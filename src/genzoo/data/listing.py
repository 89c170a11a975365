"""The images under a folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from genzoo.core.errors import GenzooError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".ppm", ".tif", ".tiff")


class Listing(NamedTuple):
    """Images under a folder, and what is not taken for one.

    Args:
        paths: of the images.
        left_out: why -> what was passed over.
    """

    paths: list[Path]
    left_out: dict[str, list[Path]]


def list_images(root: Path) -> Listing:
    """Finds the images under a folder, each folder once, whatever links lead to it.

    Hidden files and folders are passed over. A link is not followed to a folder that holds ``root`` or that is counted
    already; pipes, sockets and devices are left out.

    Args:
        root: the folder.

    Returns:
        Paths relative to the folder; those of images are sorted.

    Raises:
        GenzooError: there is no such folder, it cannot be listed, or it holds no images.
    """
    if not root.is_dir():
        raise GenzooError(f"data.root={root}: there is no such folder; give a folder of images.")
    listing, seen, top = Listing([], {}), {root.resolve()}, root.resolve()
    try:
        links = sorted(_walk(root, seen, listing))
        while links:  # after the folders themselves, so that these are counted at their own place
            link = links.pop(0)
            target = link.resolve()
            if target in seen or top.is_relative_to(target):
                listing.left_out.setdefault("a link to a folder that is counted already", []).append(link)
            else:
                seen.add(target)
                links += sorted(_walk(link, seen, listing))
    except OSError as error:
        raise GenzooError(
            f"data.root={root}: {error.filename} cannot be listed ({error.strerror}); make it readable, or move it."
        ) from error
    if not listing.paths:
        empty = "is empty" if not any(root.iterdir()) else "holds no images"
        raise GenzooError(f"data.root={root}: the folder {empty}; images end in {' '.join(EXTENSIONS)}.")
    return Listing(
        sorted(path.relative_to(root) for path in listing.paths),
        {why: sorted(path.relative_to(root) for path in paths) for why, paths in listing.left_out.items()},
    )


def _walk(folder: Path, seen: set[Path], listing: Listing) -> Iterator[Path]:
    """Lists the images of a folder and of its subfolders; yields the links to folders, which it does not follow."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                if entry.name.startswith("__"):
                    continue
                if entry.is_symlink():
                    yield path
                elif (real := path.resolve()) not in seen:
                    seen.add(real)
                    yield from _walk(path, seen, listing)
            elif entry.name.lower().endswith(EXTENSIONS):
                if entry.is_file() or not path.exists():  # a link to nothing is a broken file, which is told as one
                    listing.paths.append(path)
                else:
                    listing.left_out.setdefault("no file but a pipe, socket or device", []).append(path)
