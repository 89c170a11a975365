"""The text files of CelebA: attributes and official partition."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.data.files import damaged

HOME = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
ATTRIBUTES = """
    5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose Black_Hair Blond_Hair
    Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee Gray_Hair Heavy_Makeup High_Cheekbones Male
    Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks
    Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace
    Wearing_Necktie Young
"""
NAMES = tuple(ATTRIBUTES.split())


def read_partition(path: Path) -> tuple[list[str], list[int]]:
    """Returns the names of the images: training images first, then validation, then test images.

    Returns:
        The names, and the number of images of each of the three.

    Raises:
        GenzooError: the file is damaged.
    """
    files, parts = _read_table(path, 0, 1)
    if not np.isin(parts, (0, 1, 2)).all():
        raise replace(path, "its numbers are not 0, 1 and 2")
    order = np.argsort(parts[:, 0], kind="stable")
    return [files[i] for i in order], np.bincount(parts[:, 0], minlength=3).tolist()


def read_attributes(path: Path, files: Sequence[str]) -> Tensor:
    """Returns the attributes of the named images, 1 = present, float (N, 40).

    Raises:
        GenzooError: the file is damaged or lacks an image.
    """
    listed, values = _read_table(path, 2, len(NAMES))
    with path.open() as lines:
        next(lines)  # the number of images
        if tuple(next(lines).split()) != NAMES:
            raise replace(path, "its second line does not name the 40 attributes in their order")
    if not np.isin(values, (-1, 1)).all():
        raise replace(path, "its numbers are not -1 and 1")
    rows = {file: row for row, file in enumerate(listed)}
    unlisted = [file for file in files if file not in rows]
    if unlisted:
        raise replace(path, f"{unlisted[0]} is not in it")
    return torch.from_numpy(values[[rows[file] for file in files]] > 0).float()


def replace(path: Path, why: str | Exception) -> GenzooError:
    """Returns the error for a damaged file, which has to be replaced by hand."""
    return damaged(path, why, f"replace it by the file of {HOME}")


def _read_table(path: Path, skip: int, columns: int) -> tuple[list[str], np.ndarray]:
    """Returns the names in the first column of a text file and the integers in the others, (N, columns)."""
    try:
        lines = [line for line in path.read_text().splitlines()[skip:] if line.strip()]
        if not lines:
            raise ValueError("it lists no images")
        names = [line.split(maxsplit=1)[0] for line in lines]
        return names, np.loadtxt(lines, np.int8, usecols=range(1, columns + 1), ndmin=2)
    except (OSError, ValueError) as error:
        raise replace(path, error) from error
