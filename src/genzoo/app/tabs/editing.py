"""Edits of an image by coloured strokes, on the images of the model."""

from typing import Any

import gradio as gr
from torch import Tensor

from genzoo.app.canvas import Strokes, canvas, needed, painted
from genzoo.app.codes_of import SEARCH
from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import film, gallery, pictures
from genzoo.core.batches import Images
from genzoo.core.capabilities import Decodes
from genzoo.core.image_edit import Edited, edit_image, projection
from genzoo.core.randomness import generator

TITLE = "Editing"
N = 6  #: images that are shown, the best ones


def offered(model: Explored) -> bool:
    """Whether the model decodes codes to images."""
    return {Decodes, Images} <= model.offers


def edited(model: Explored, image: Tensor, strokes: Strokes, seed: int) -> Edited:
    """The image (C, H, W) after an edit by strokes; see ``edit_image``.

    Raises:
        GenzooError: there is no stroke, or a search fails.
    """
    module = model.module
    given = [x.to(module.device) for x in (image, strokes.colours, strokes.opacity)]
    return edit_image(module, *given, generator(seed, "explorer"), projection(module, SEARCH))


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    with gr.Row():
        with gr.Column():
            colours = ["#ffffff", "#000000", *(["#d62828", "#2a9d8f", "#1d70b8"] if model.spec.channels == 3 else [])]
            image, editor = canvas(model, start, "editing", colours)
        with gr.Column():
            seed = gr.Number(0, label="seed", precision=0, minimum=0)
            button = gr.Button("Let the image follow the strokes", variant="primary", elem_id="edit")
            gr.Markdown("The image with the change, the model's own image, and that before the edit:")
            result = gallery(columns=3, elem_id="edit-result")
    gr.Markdown("Other images of the model that follow the strokes, the best first:")
    others = gallery(columns=N, elem_id="edit-others")
    animation = gr.Image(label="film", type="filepath", buttons=["download"])

    def run(image: Tensor | None, value: dict[str, Any], seed: float) -> tuple[Any, ...]:
        found = edited(model, needed(image), painted(value["layers"], model.spec), int(seed))
        shown, frames = found.shown[None], pictures(found.frames, model.spec)
        named = list(
            zip((*pictures(shown, model.spec), frames[-1], frames[0]), ("edit", "model", "before"), strict=True)
        )
        return named, pictures(found.images[1 : N + 1], model.spec), film([*frames, *frames[::-1]])

    button.click(guarded(run), [image, editor, seed], [result, others, animation])
