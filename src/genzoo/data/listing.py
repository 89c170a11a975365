"""Search for the images under a folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from genzoo.core.errors import GenzooError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".ppm", ".tif", ".tiff")


class Listing(NamedTuple):
    """Images under a folder, and the entries that were skipped.

    Args:
        paths: paths of the images.
        left_out: reason -> skipped entries.
    """

    paths: list[Path]
    left_out: dict[str, list[Path]]


def list_images(root: Path, setting: str = "data.root") -> Listing:
    """Finds the images under a folder; each folder is listed once, even if several links lead to it.

    Hidden files and folders are skipped. A link is not followed if its target contains ``root`` or is already listed;
    pipes, sockets and devices are skipped.

    Args:
        root: the folder.
        setting: the key of the folder, for messages.

    Returns:
        Paths relative to the folder; image paths are sorted.

    Raises:
        GenzooError: there is no such folder, it cannot be listed, or it holds no images.
    """
    if not root.is_dir():
        raise GenzooError(f"{setting}={root}: there is no such folder; give a folder of images.")
    listing, seen, top = Listing([], {}), {root.resolve()}, root.resolve()
    try:
        links = sorted(_walk(root, seen, listing))
        while links:  # after the real folders, which are listed at their own place
            link = links.pop(0)
            target = link.resolve()
            if target in seen or top.is_relative_to(target):
                listing.left_out.setdefault("a link to a folder that is already listed", []).append(link)
            else:
                seen.add(target)
                links += sorted(_walk(link, seen, listing))
    except OSError as error:
        raise GenzooError(
            f"{setting}={root}: {error.filename} cannot be listed ({error.strerror}); make it readable, or move it."
        ) from error
    if not listing.paths:
        empty = "is empty" if not any(root.iterdir()) else "holds no images"
        raise GenzooError(f"{setting}={root}: the folder {empty}; images end in {' '.join(EXTENSIONS)}.")
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
                if entry.is_file() or not path.exists():  # a dangling link counts as a broken file
                    listing.paths.append(path)
                else:
                    listing.left_out.setdefault("a pipe, socket or device", []).append(path)
