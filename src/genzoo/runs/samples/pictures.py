"""Samples as one picture or animation each."""

import io
import math
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genzoo.core.capabilities import Drawing
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.pictures import picture, save_animation, save_picture
from genzoo.metrics.canvases import framed
from genzoo.runs.samples.blocks import Blocks

MILLISECONDS = 60  # per canvas of an animation
THREADS = 8  # more than cores, since they also wait for the disk


def write_pictures(blocks: Blocks, n: int, folder: Path, draws_in_steps: bool = False) -> Iterator[int]:
    """Writes ``<folder>/<index>.png`` or ``.gif``, of class-conditional models ``<folder>/<label>/<index>.png``.

    Existing files stay; a block without a missing one is not drawn. One block is encoded by threads (zlib releases the
    interpreter's lock) while the next one is drawn, so memory does not depend on n.

    Args:
        blocks: the samples.
        n: their number.
        folder: an existing folder.
        draws_in_steps: write animations of all canvases, without labels.

    Yields:
        The number of samples that are written, after each block.

    Raises:
        GenzooError: a file cannot be written.
    """
    draw: Callable[[int], Any] = blocks.drawing if draws_in_steps else blocks.images
    save: Callable[..., None] = _save_gif if draws_in_steps else _save_png
    ending = "gif" if draws_in_steps else "png"
    new = next(folder.rglob(f"*.{ending}"), None) is None  # a check of each file would wait for the threads
    with ThreadPoolExecutor(THREADS) as pool:
        pending: list[Future[None]] = []
        for start in range(0, n, blocks.size):
            stop = min(start + blocks.size, n)
            labels = None if draws_in_steps else blocks.labels(start, stop)
            paths = _paths(folder, start, stop, labels, ending)
            missing = {i: path for i, path in enumerate(paths) if new or not _is_whole(path)}
            if missing:
                pictures = _arrays(draw(start // blocks.size))
                _wait(pending)
                pending = [pool.submit(save, pictures[i], path) for i, path in missing.items()]
            yield start
        _wait(pending)
    yield n


def write_grid(blocks: Blocks, n: int, path: Path, draws_in_steps: bool = False) -> Iterator[int]:
    """Writes one picture, or an animation of all canvases, of n samples; a column per class if there are classes.

    Its size, and the memory it takes, grow with n.

    Yields:
        The number of samples that are drawn, after each block.
    """
    if _is_whole(path):
        yield n
        return
    columns = (
        blocks.classes if blocks.classes and blocks.label is None and not draws_in_steps else math.ceil(math.sqrt(n))
    )
    sheets = []
    for start in range(0, n, blocks.size):
        drawn = blocks.drawing(start // blocks.size) if draws_in_steps else blocks.images(start // blocks.size)
        images = _framed(drawn) if draws_in_steps else drawn.float().cpu()[None]
        sheets.append(images[:, : n - start])
        yield min(start + blocks.size, n)
    grids = [picture(images, min(n, columns)) for images in torch.cat(sheets, 1)]
    if draws_in_steps:
        save_animation(grids, path, MILLISECONDS)
    else:
        save_picture(grids[0], path)


def _paths(folder: Path, start: int, stop: int, labels: np.ndarray | None, ending: str) -> list[Path]:
    names = [f"{i:06d}.{ending}" for i in range(start, stop)]
    if labels is None:
        return [folder / name for name in names]
    for label in set(labels.tolist()):
        (folder / str(label)).mkdir(exist_ok=True)
    return [folder / str(label) / name for label, name in zip(labels.tolist(), names, strict=True)]


def _is_whole(path: Path) -> bool:
    """Whether a file exists and is not empty, as after a loss of power."""
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _arrays(drawn: Tensor | Drawing) -> np.ndarray:
    """Levels of images, uint8 (n, H, W, C), or of canvases, uint8 (n, T, H, W, C)."""
    images = _framed(drawn).transpose(0, 1) if isinstance(drawn, Drawing) else drawn
    return to_levels(images).movedim(-3, -1).cpu().numpy()


def _framed(drawing: Drawing) -> Tensor:
    """The canvases (T, n, C, H, W), with the rectangle that each step writes to."""
    images = drawing.images.float().cpu()
    if drawing.frames is None:
        return images
    return torch.stack([*map(framed, images, drawing.frames.float().cpu())])


def _image(levels: np.ndarray) -> Image.Image:
    return Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)


def _save_png(levels: np.ndarray, path: Path) -> None:
    """Writes a PNG aside, then renames it, without waiting for the disk: at most a loss of power leaves it empty."""
    encoded = io.BytesIO()
    _image(levels).save(encoded, format="PNG")
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(encoded.getbuffer())
    os.replace(partial, path)


def _save_gif(levels: np.ndarray, path: Path) -> None:
    save_animation([*map(_image, levels)], path, MILLISECONDS)


def _wait(pending: Iterable[Future[None]]) -> None:
    try:
        for one in pending:
            one.result()
    except OSError as error:
        raise GenzooError(
            f"{error.filename}: it could not be written ({error.strerror}); free some space or choose another folder "
            "with out=..., then give the same command again."
        ) from error
