"""Many image files, decoded in threads."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from genzoo.data.files import one_line


def decode(
    paths: Sequence[Path], read: Callable[[Path], Image], size: int, channels: int
) -> tuple[Tensor, dict[Path, str]]:
    """Levels of images, and which of them cannot be read.

    Args:
        paths: of the files.
        read: gives the picture of a file, (size, size), mode ``mode_of(channels)``; may raise any error.
        size: height and width in pixels.
        channels: 3, or 1 for grey.

    Returns:
        uint8 (len(paths), channels, size, size), undefined where there is a failure; path -> why it failed.
    """
    images = torch.empty(len(paths), channels, size, size, dtype=torch.uint8)

    def put(path: Path, image: Tensor) -> str | None:
        try:
            image.copy_(torch.from_numpy(np.array(read(path))).view(size, size, channels).permute(2, 0, 1))
            return None
        except Exception as error:  # decoders raise all sorts of errors on broken files
            return one_line(error)

    with ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool:
        results = pool.map(put, paths, images)
        return images, {path: why for path, why in zip(paths, results, strict=True) if why}


def mode_of(channels: int) -> str:
    """Pillow's name of 3 or 1 channels."""
    return "RGB" if channels == 3 else "L"


def tell_failures(failures: dict[Path, str], total: int) -> str:
    """What cannot be read, in one line; five files are named."""
    some = "; ".join(f"{path} ({why})" for path, why in list(failures.items())[:5])
    more = f"; and {len(failures) - 5} more" if len(failures) > 5 else ""
    return f"{len(failures)} of {total} files cannot be read: {some}{more}"
