"""Decoding of many image files in threads."""

import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.data.files import one_line

Key = TypeVar("Key", bound=Hashable)


def decode(
    keys: Sequence[Key], read: Callable[[Key], Image], size: int, channels: int
) -> tuple[Tensor, dict[Key, str]]:
    """Decodes images; returns their levels and the failures.

    Args:
        keys: the files, or other names of the images.
        read: key -> picture of (size, size) and mode ``mode_of(channels)``; may raise any error.
        size: height and width in pixels.
        channels: 3, or 1 for grey.

    Returns:
        uint8 (len(keys), channels, size, size), undefined for failures; key -> reason of the failure.

    Raises:
        GenzooError: ``read`` raised it: it concerns the whole set.
    """
    images = torch.empty(len(keys), channels, size, size, dtype=torch.uint8)

    def put(key: Key, image: Tensor) -> str | None:
        try:
            image.copy_(levels_of(read(key), size, channels))
            return None
        except GenzooError:
            raise
        except Exception as error:  # decoders raise many types of errors for broken files
            return one_line(error)

    with ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool:
        results = pool.map(put, keys, images)
        return images, {key: why for key, why in zip(keys, results, strict=True) if why}


def levels_of(picture: Image, size: int, channels: int) -> Tensor:
    """Returns the levels, uint8 (channels, size, size), of a picture of (size, size) and mode ``mode_of(channels)``."""
    return torch.from_numpy(np.array(picture)).view(size, size, channels).permute(2, 0, 1)


def mode_of(channels: int) -> str:
    """Returns Pillow's mode for 3 or 1 channels."""
    return "RGB" if channels == 3 else "L"


def describe_failures(failures: Mapping[Any, str], total: int) -> str:
    """Returns one line about the files that cannot be read; it names up to five."""
    some = "; ".join(f"{path} ({why})" for path, why in list(failures.items())[:5])
    more = f"; and {len(failures) - 5} more" if len(failures) > 5 else ""
    return f"{len(failures)} of {total} files cannot be read: {some}{more}"
