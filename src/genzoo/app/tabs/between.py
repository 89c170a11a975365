"""Paths between two images."""

from typing import NamedTuple

import gradio as gr
import torch
from torch import Tensor

from genzoo.app.codes_of import codes_of
from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import film, gallery, pictures
from genzoo.app.uploads import uploaded
from genzoo.core.batches import Images, Shown
from genzoo.core.capabilities import Decodes
from genzoo.core.images import to_unit
from genzoo.core.paths import spherical

TITLE = "Between two images"
STEPS = 10  #: images of a path, both ends included


class End(NamedTuple):
    """One end of a path.

    Args:
        code: (latent.width,).
        distance: root of the mean squared difference of an upload and the image of its code, in levels of 255; None
            for a draw.
    """

    code: Tensor
    distance: float | None = None


def offered(model: Explored) -> bool:
    """Whether the model decodes codes to images or volumes."""
    return {Decodes, Shown} <= model.offers


def drawn(model: Explored, seed: int) -> End:
    """The code of a seed, as in the tab of samples of one image."""
    return End(model.codes(seed)[0])


def found(model: Explored, path: str) -> End:
    """The code of an uploaded image: the encoder's, or the nearest one of a search.

    Raises:
        GenzooError: the file is no image, or the search fails.
    """
    image = uploaded(path, model.spec)[None]
    code = codes_of(model, image)
    difference = to_unit(model.decode(code)) - to_unit(image)
    return End(code[0], 255 * difference.square().mean().sqrt().item())


def path(model: Explored, start: Tensor, end: Tensor, arc: bool) -> Tensor:
    """Images (10, C, H, W) of codes between two codes (latent.width,), on the arc of each part, or on the line."""
    latent, t = model.module.latent, torch.linspace(0, 1, STEPS)[:, None]
    codes = spherical(latent, start[None], end[None], t) if arc else torch.lerp(start[None], end[None], t)
    return model.decode(codes)


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    with gr.Row():
        ends = [_end(side, seed, Images in model.offers) for side, seed in (("first", 0), ("last", 1))]
    shape = gr.Radio(["arc", "line"], value="arc", label="path of each part of the code")
    button = gr.Button("Show the path", variant="primary")
    reached = gr.Markdown()
    strip = gallery(columns=STEPS, elem_id="path")
    animation = gr.Image(label="film", type="filepath", elem_id="film", buttons=["download"])

    def walk(first_seed: float, first: str | None, last_seed: float, last: str | None, shape: str) -> tuple:
        pairs = ((first_seed, first), (last_seed, last))
        both = [found(model, given) if given else drawn(model, int(seed)) for seed, given in pairs]
        frames = pictures(path(model, both[0].code, both[1].code, shape == "arc"), model.spec)
        return frames, film([*frames, *frames[::-1]]), _described(both)

    given = [widget for end in ends for widget in end]
    button.click(guarded(walk), [*given, shape], [strip, animation, reached])


def _end(side: str, seed: int, uploads: bool) -> tuple[gr.Number, gr.File]:
    with gr.Column():
        number = gr.Number(seed, label=f"seed of the {side} image", precision=0, minimum=0)
        file = gr.File(label=f"or upload the {side} image", file_types=["image"], height=140, visible=uploads)
    return number, file


def _described(ends: list[End]) -> str:
    sides = zip(("first", "last"), ends, strict=True)
    texts = [
        f"the {side} upload is {end.distance:.1f} levels from its image"
        for side, end in sides
        if end.distance is not None
    ]
    return "; ".join(texts)
