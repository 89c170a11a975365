"""The parts of the latent code, each as buttons or sliders."""

from collections.abc import Sequence
from typing import NamedTuple

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import pictures
from genzoo.app.start import Start
from genzoo.core.batches import Shown
from genzoo.core.capabilities import Decodes
from genzoo.core.latent import Categorical, Latent
from genzoo.core.randomness import generator

TITLE = "Codes"
DIMENSIONS = 10  #: wider parts move along principal directions
DIRECTIONS = 4
DRAWS = 400  #: codes from which principal directions are estimated


class Control(NamedTuple):
    """One slider, or the buttons of a categorical part.

    Args:
        name: for people.
        part: name of the part of the code.
        direction: of the change of the part's value, (size,); None for a categorical part, whose value is set.
        limit: largest multiple of the direction.
    """

    name: str
    part: str
    direction: Tensor | None
    limit: float = 0.0


def offered(model: Explored) -> bool:
    """Whether the model decodes codes to images or volumes."""
    return {Decodes, Shown} <= model.offers


def controls(model: Explored) -> list[Control]:
    """The controls of each part: its categories, its dimensions, or its principal directions if it is wide."""
    found = []
    for name, part in model.module.latent.parts.items():
        if isinstance(part, Categorical):
            found.append(Control(name, name, None))
        elif part.size <= DIMENSIONS:
            unit, spread = torch.eye(part.size), getattr(part, "limit", 2.0)
            found += [Control(f"{name} {i}", name, unit[i], spread) for i in range(part.size)]
        else:
            ways = principal_directions(model, name)
            found += [Control(f"{name}, principal direction {i + 1}", name, way, 3.0) for i, way in enumerate(ways)]
    return found


def principal_directions(model: Explored, name: str) -> Tensor:
    """The directions of a part along which images change most, (4, size), scaled to one standard deviation each.

    Of draws z of the part with images x, all other parts fixed, the linear regression x ≈ A z is fitted; the directions
    are the right singular vectors of A, times the standard deviation of z.
    """
    latent: Latent = model.module.latent
    drawn = generator(0, "explorer", "directions")
    fixed, draws = latent.split(latent.sample(1, drawn)), latent.parts[name].sample(DRAWS, drawn)
    codes = latent.join({**{k: v.expand(DRAWS, -1) for k, v in fixed.items()}, name: draws})
    images = model.decode(codes).flatten(1).float()
    slopes = torch.linalg.lstsq(draws - draws.mean(0), images - images.mean(0)).solution  # (size, pixels)
    ways = torch.linalg.svd(slopes, full_matrices=False).U.T[:DIRECTIONS]
    return ways * draws.std()


def initial(latent: Latent, code: Tensor, ways: Sequence[Control]) -> list[float]:
    """The values of the controls at which a code (latent.width,) is unchanged."""
    parts, values = latent.split(code), []
    for control in ways:
        value = parts[control.part]
        if control.direction is None:
            values.append(int(value.argmax()))
        else:
            values.append(float(value @ control.direction) if len(value) <= DIMENSIONS else 0.0)
    return values


def changed(latent: Latent, code: Tensor, ways: Sequence[Control], values: Sequence[float]) -> Tensor:
    """The code (latent.width,) with the values of the controls."""
    parts = dict(latent.split(code))
    for control, value, before in zip(ways, values, initial(latent, code, ways), strict=True):
        if control.direction is not None:
            parts[control.part] = parts[control.part] + (value - before) * control.direction
        elif value != before:
            parts[control.part] = torch.eye(latent.parts[control.part].size)[int(value)]
    return latent.join(parts)


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    latent, ways = model.module.latent, controls(model)
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
            widgets = [_widget(latent, *both) for both in zip(ways, initial(latent, code, ways), strict=True)]

    def render(chosen: Start | None, seed: float, *values: float) -> Image.Image:
        return _decoded(model, changed(latent, _code(model, chosen, seed), ways, values))

    def restart(chosen: Start | None, seed: float) -> list[float] | float:
        values = initial(latent, _code(model, chosen, seed), ways)
        return values if len(values) > 1 else values[0]

    # Sliders redraw at once, and only their last position if they move faster than that.
    render, restart, settings = guarded(render), guarded(restart), [start, seed, *widgets]
    for widget in widgets:
        widget.input(render, settings, picture, show_progress="hidden", queue=False, trigger_mode="always_last")
    restarted = gr.on([again.click, seed.change, start.change], restart, [start, seed], widgets, show_progress="hidden")
    restarted.then(render, settings, picture, show_progress="hidden")


def _code(model: Explored, chosen: Start | None, seed: float) -> Tensor:
    """The code of the chosen image, or a draw."""
    if chosen is not None and chosen.code is not None:
        return chosen.code
    return model.codes(int(seed))[0]


def _decoded(model: Explored, code: Tensor) -> Image.Image:
    return pictures(model.decode(code[None]), model.spec)[0]


def _widget(latent: Latent, control: Control, value: float) -> gr.Slider | gr.Radio:
    if control.direction is None:
        return gr.Radio([(str(i), i) for i in range(latent.parts[control.part].size)], value=value, label=control.name)
    return gr.Slider(-control.limit, control.limit, value, step=control.limit / 50, precision=2, label=control.name)
