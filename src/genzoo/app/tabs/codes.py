"""The parts of the latent code, each as buttons or sliders."""

from functools import cache, partial

import gradio as gr
from PIL import Image
from torch import Tensor

from genzoo.app.controls import KINDS, Control, changed, controls, directions, initial
from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import pictures
from genzoo.app.start import Start
from genzoo.core.batches import Shown
from genzoo.core.capabilities import Decodes
from genzoo.core.directions import wide
from genzoo.core.latent import Latent

TITLE = "Codes"


def offered(model: Explored) -> bool:
    """Whether the model decodes codes to images or volumes."""
    return {Decodes, Shown} <= model.offers


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    latent, ways = model.module.latent, cache(partial(directions, model))
    code = _code(model, None, 0)
    with gr.Row():
        with gr.Column(scale=1):
            decoded = _decoded(model, code)
            picture = gr.Image(
                decoded, label="image", type="pil", format="png", elem_id="decoded", buttons=["download"]
            )
            seed = gr.Number(0, label="seed of the start, if no image was chosen", precision=0, minimum=0)
            again = gr.Button("Back to the start")
        with gr.Column(scale=2):
            kind = gr.Radio(list(KINDS), value=KINDS[0], label="directions of wide parts", visible=bool(wide(latent)))
            both = zip(controls(latent), initial(latent, code), strict=True)
            widgets = [_widget(latent, control, value) for control, value in both]

    def render(chosen: Start | None, seed: float, kind: str, *values: float) -> Image.Image:
        return _decoded(model, changed(latent, _code(model, chosen, seed), ways(kind), values))

    def restart(chosen: Start | None, seed: float) -> list[float] | float:
        values = initial(latent, _code(model, chosen, seed))
        return values if len(values) > 1 else values[0]

    # Sliders redraw at once, and only their last position if they move faster than that.
    render, restart, settings = guarded(render), guarded(restart), [start, seed, kind, *widgets]
    for widget in widgets:
        widget.input(render, settings, picture, show_progress="hidden", queue=False, trigger_mode="always_last")
    restarted = gr.on(
        [again.click, seed.change, start.change, kind.change], restart, [start, seed], widgets, show_progress="hidden"
    )
    restarted.then(render, settings, picture, show_progress="hidden")


def _code(model: Explored, chosen: Start | None, seed: float) -> Tensor:
    """The code of the chosen image, or a draw."""
    if chosen is not None and chosen.code is not None:
        return chosen.code
    return model.codes(int(seed))[0]


def _decoded(model: Explored, code: Tensor) -> Image.Image:
    return pictures(model.decode(code[None]), model.spec)[0]


def _widget(latent: Latent, control: Control, value: float) -> gr.Slider | gr.Radio:
    if control.index is None:
        return gr.Radio([(str(i), i) for i in range(latent.parts[control.part].size)], value=value, label=control.name)
    return gr.Slider(-control.limit, control.limit, value, step=control.limit / 50, precision=2, label=control.name)
