"""The image that a tab takes, and what is painted on it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import enlarged
from genzoo.app.start import Start
from genzoo.app.uploads import uploaded
from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.pictures import plain_picture
from genzoo.data.decoding import levels_of, mode_of

TEST, UPLOAD, CHOSEN, BLACK, WHITE = "test image", "upload", "chosen sample", "black sheet", "white sheet"


class Strokes(NamedTuple):
    """What is painted.

    Args:
        colours: (C, H, W) in [-1, 1].
        opacity: (1, H, W), from 0 to 1.
    """

    colours: Tensor
    opacity: Tensor


class Canvas(NamedTuple):
    """The widgets of an image.

    Args:
        image: state of the image (C, H, W), None before one is taken.
        editor: shows it, and is painted on.
    """

    image: gr.State
    editor: gr.ImageEditor


def taken(
    model: Explored, source: str, number: float | None, path: str | None, start: Start | None, domain: int = 0
) -> Tensor:
    """The image (C, H, W) in [-1, 1] of a source.

    Args:
        model: the model.
        source: one of the names of this module.
        number: of the test image, from 0.
        path: of the upload.
        start: the image that was chosen among the samples.
        domain: of two domains of images, the second has the number 1.

    Raises:
        GenzooError: there is no such image.
    """
    spec = spec_of(model, domain)
    if source == UPLOAD:
        if path is None:
            raise GenzooError("no image was uploaded: choose a PNG or JPEG file first.")
        return uploaded(path, spec)
    if source == CHOSEN:
        if start is None:
            raise GenzooError("no sample was chosen: click one in the tab Samples first.")
        return start.image.cpu()
    if source == TEST:
        images = images_of(model, domain)
        if number is None or not 0 <= number < len(images):
            raise GenzooError(f"test image {number}: choose a number from 0 to {len(images) - 1}.")
        return from_levels(images[int(number)], spec.levels)
    return torch.full(spec.shape, 1.0 if source == WHITE else -1.0)


def spec_of(model: Explored, domain: int) -> DataSpec:
    """The properties of the images of a domain."""
    spec = model.spec
    return spec._replace(shape=(spec.target_channels, *spec.shape[1:])) if domain else spec


def images_of(model: Explored, domain: int = 0) -> Tensor:
    """The levels of the test images of a domain, (N, C, H, W)."""
    if domain:
        return model.data.domain(model.spec.domains[domain], "test").images
    return model.levels("test")


def painted(layers: Sequence[Image.Image], spec: DataSpec) -> Strokes:
    """The strokes of the layers of an editor, at the resolution of the images.

    >>> layer = Image.new("RGBA", (8, 8))
    >>> layer.paste((255, 255, 255, 255), (0, 0, 4, 8))
    >>> painted([layer], DataSpec("digits", (1, 2, 2))).opacity.tolist()
    [[[1.0, 0.0], [1.0, 0.0]]]
    """
    sheet = Image.new("RGBA", (spec.size, spec.size))
    for layer in layers:
        sheet.alpha_composite(layer.convert("RGBA").resize(sheet.size, Image.Resampling.BOX))
    colours = from_levels(levels_of(sheet.convert(mode_of(spec.channels)), spec.size, spec.channels))
    return Strokes(colours, levels_of(sheet.getchannel("A"), spec.size, 1) / 255)


def over(image: Tensor, strokes: Strokes) -> Tensor:
    """The image (C, H, W) with strokes on it."""
    return torch.lerp(image, strokes.colours, strokes.opacity.expand_as(image))


def canvas(
    model: Explored,
    start: gr.State,
    name: str,
    colours: Sequence[str],
    sources: Sequence[str] = (TEST, UPLOAD, CHOSEN),
    domain: gr.State | None = None,
) -> Canvas:
    """The widgets that take an image and are painted on.

    Args:
        model: the model.
        start: state of the image that was chosen among the samples.
        name: of the elements of the page.
        colours: of the brush; none = nothing can be painted.
        sources: names of the sources of images.
        domain: state of the number of the image's domain; None = the first.
    """
    source = gr.Radio(list(sources), value=sources[0], label="image", elem_id=f"{name}-source")
    number = gr.Number(0, label="number of the test image", precision=0, minimum=0, elem_id=f"{name}-number")
    file = gr.File(label="upload", file_types=["image"], height=120, visible=False, elem_id=f"{name}-file")
    button = gr.Button("Take the image", elem_id=f"{name}-take")
    image = gr.State(None)
    fixed = "fixed" if len(colours) == 1 else "defaults"
    brush = gr.Brush(default_size=16, colors=list(colours), color_mode=fixed) if colours else False
    editor = gr.ImageEditor(
        label="no image",
        type="pil",
        format="png",
        sources=(),
        transforms=(),
        layers=gr.LayerOptions(allow_additional_layers=False, disabled=True),
        brush=brush,
        eraser=None if colours else False,
        buttons=[],
        elem_id=f"{name}-editor",
    )

    def take(source: str, number: float | None, path: str | None, start: Start | None, domain: int | None) -> Any:
        found = taken(model, source, number, path, start, domain or 0)
        shown = enlarged(plain_picture(found)).convert("RGBA")
        value = {"background": shown, "layers": [], "composite": shown}
        return found, gr.update(value=value, label=f"{source} {number}" if source == TEST else source)

    source.input(
        lambda chosen: (gr.update(visible=chosen == TEST), gr.update(visible=chosen == UPLOAD)), source, [number, file]
    )
    settings = [source, number, file, start, domain or gr.State(0)]
    gr.on([button.click, number.submit, file.upload], guarded(take), settings, [image, editor])
    return Canvas(image, editor)


def needed(image: Tensor | None) -> Tensor:
    """The image that was taken.

    Raises:
        GenzooError: there is none.
    """
    if image is None:
        raise GenzooError("no image is chosen: choose one and press Take the image.")
    return image
