"""Pictures of the page."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

import gradio as gr
from PIL import Image
from torch import Tensor

from genzoo.core.batches import DataSpec
from genzoo.core.pictures import plain_picture, save_animation
from genzoo.metrics.show import show

LEAST = 128  #: pixels of height of a picture; smaller images are enlarged by a whole factor


def pictures(images: Tensor, spec: DataSpec) -> list[Image.Image]:
    """Pictures of images (N, C, H, W) or volumes in [-1, 1], enlarged if they are small."""
    return [enlarged(plain_picture(image)) for image in show(images.cpu(), spec)]


def enlarged(picture: Image.Image) -> Image.Image:
    """The picture, or if it is small, each of its pixels as a square.

    >>> enlarged(Image.new("L", (28, 28))).size
    (140, 140)
    """
    zoom = max(1, -(-LEAST // picture.height))
    return picture.resize((zoom * picture.width, zoom * picture.height), Image.Resampling.NEAREST)


def gallery(
    images: Sequence[Image.Image] | None = None, columns: int = 10, elem_id: str | None = None, visible: bool = True
) -> gr.Gallery:
    """Pictures in rows, each of which can be chosen."""
    return gr.Gallery(
        images,
        visible=visible,
        show_label=False,
        columns=columns,
        height="auto",
        allow_preview=False,
        elem_id=elem_id,
        format="png",
        buttons=["download_all"],
    )


def film(frames: Sequence[Image.Image]) -> str:
    """The path of a GIF of pictures, in a new folder of the temporary directory."""
    path = Path(mkdtemp(prefix="genzoo-explorer-")) / "film.gif"
    save_animation(frames, path)
    return str(path)
