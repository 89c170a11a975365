"""Writes the files that metrics return: pictures, animations, pages."""

from pathlib import Path

from genzoo.core.files import atomic_write
from genzoo.core.pictures import save_animation, save_picture
from genzoo.metrics.evaluation import Evaluation


def save_artifacts(found: Evaluation, folder: Path) -> list[Path]:
    """Writes pictures, animations, pages and files; returns the pictures and animations.

    Raises:
        GenzooError: a file cannot be written.
    """
    pictures = {folder / f"{name}.png": sheet for name, sheet in found.pictures.items()}
    animations = {folder / f"{name}.gif": frames for name, frames in found.animations.items()}
    pages = {f"{name}.html": page.encode() for name, page in found.pages.items()}
    for path, sheet in pictures.items():
        save_picture(sheet, path)
    for path, frames in animations.items():
        save_animation(frames, path)
    for name, content in {**pages, **found.files}.items():
        with atomic_write(folder / name) as partial:
            partial.write_bytes(content)
    return [*pictures, *animations]
