"""Attributes of images, as sliders: those that the model edits, or directions between groups of its samples."""

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from genzoo.app import data_attributes
from genzoo.app.canvas import canvas, needed
from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import gallery, pictures
from genzoo.core.batches import Images
from genzoo.core.capabilities import Decodes, EditsAttributes
from genzoo.core.errors import GenzooError

TITLE = "Attributes"
N = 30  #: samples among which groups are chosen
GROUPS = ("A", "B", "C")
DIFFERENCE = "A - B"
LIMIT = 2.0  #: largest multiple of a direction


def offered(model: Explored) -> bool:
    """Whether the model edits attributes, or decodes codes to images."""
    return Images in model.offers and bool({EditsAttributes, Decodes} & model.offers)


def edited(model: Explored, image: Tensor, values: Sequence[float]) -> Tensor:
    """The image (C, H, W) with values from 0 to 1 of the model's attributes, in their order."""
    given = dict(zip(model.module.attributes, values, strict=True))
    return model.module.edit(image[None].to(model.module.device), given)[0].cpu()


def drawn(model: Explored, seed: float) -> Tensor:
    """The codes of 30 samples, (30, latent.width)."""
    return model.codes(int(seed), N)


def mean(codes: Tensor, groups: Sequence[str], name: str) -> Tensor:
    """The mean code (latent.width,) of a group.

    Args:
        codes: of all samples, (n, latent.width).
        groups: the group of each sample, or "".
        name: of the group.

    Raises:
        GenzooError: no sample is in the group.
    """
    chosen = torch.tensor([group == name for group in groups])
    if not chosen.any():
        raise GenzooError(f"group {name} is empty: choose the group and click samples.")
    return codes[chosen].mean(0)


def difference(codes: Tensor, groups: Sequence[str]) -> Tensor:
    """The direction from the mean code of group B to that of group A, (latent.width,)."""
    return mean(codes, groups, "A") - mean(codes, groups, "B")


def arithmetic(model: Explored, codes: Tensor, groups: Sequence[str]) -> Tensor:
    """The images of the mean codes A, B and C of three groups, and of A - B + C, (4, C, H, W)."""
    a, b, c = (mean(codes, groups, name) for name in GROUPS)
    return model.decode(torch.stack([a, b, c, a - b + c]))


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    if EditsAttributes in model.offers:
        _build_edits(model, start)
    else:
        _build_groups(model)


def _build_edits(model: Explored, start: gr.State) -> None:
    with gr.Row():
        with gr.Column():
            image, _ = canvas(model, start, "attributes", [])
        with gr.Column():
            sliders = [gr.Slider(0, 1, 0.5, step=0.05, label=name) for name in model.module.attributes]
            picture = gr.Image(label="edited", type="pil", format="png", elem_id="edited", buttons=["download"])

    def edit(image: Tensor | None, *values: float) -> Image.Image:
        return pictures(edited(model, needed(image), values)[None], model.spec)[0]

    for slider in sliders:
        handler = guarded(edit)
        slider.input(handler, [image, *sliders], picture, show_progress="hidden", trigger_mode="always_last")


def _build_groups(model: Explored) -> None:
    with gr.Row():
        seed = gr.Number(0, label="seed of the samples", precision=0, minimum=0)
        group = gr.Radio(list(GROUPS), value="A", label="a click puts a sample into the group", elem_id="group")
        clear = gr.Button("Empty the groups")
    groups = gr.State([""] * N)
    grid = gallery(_grid(model, drawn(model, 0), [""] * N), elem_id="grouped")
    with gr.Row():
        choices = [DIFFERENCE, *data_attributes.names(model)]
        kind = gr.Dropdown(choices, value=DIFFERENCE, label="direction", elem_id="direction")
        amount = gr.Slider(-LIMIT, LIMIT, 0, step=0.1, label="less or more of it", elem_id="amount")
    moved = gallery(elem_id="moved", visible=False)
    button = gr.Button("Show A, B, C and A - B + C", elem_id="arithmetic")
    sums = gallery(columns=4, elem_id="sums", visible=False)

    def choose(seed: float, groups: list[str], group: str, event: gr.SelectData) -> tuple[Any, ...]:
        before = groups[event.index]
        groups = [*groups[: event.index], "" if before == group else group, *groups[event.index + 1 :]]
        return groups, _grid(model, drawn(model, seed), groups)

    attribute = cache(partial(data_attributes.direction, model))

    def move(seed: float, groups: list[str], kind: str, amount: float) -> gr.Gallery:
        codes = drawn(model, seed)
        way = difference(codes, groups) if kind == DIFFERENCE else attribute(kind)
        return gr.Gallery(pictures(model.decode(codes + amount * way), model.spec), visible=True)

    def add(seed: float, groups: list[str]) -> gr.Gallery:
        images = pictures(arithmetic(model, drawn(model, seed), groups), model.spec)
        return gr.Gallery(list(zip(images, (*GROUPS, "A - B + C"), strict=True)), visible=True)

    grid.select(guarded(choose), [seed, groups, group], [groups, grid])
    amount.release(guarded(move), [seed, groups, kind, amount], moved)
    kind.input(lambda: 0, None, amount, show_progress="hidden")
    button.click(guarded(add), [seed, groups], sums)
    hidden = gr.Gallery([], visible=False)
    empty = guarded(lambda seed: ([""] * N, _grid(model, drawn(model, seed), [""] * N), hidden, hidden))
    gr.on([clear.click, seed.change], empty, seed, [groups, grid, moved, sums])


def _grid(model: Explored, codes: Tensor, groups: Sequence[str]) -> list[tuple[Image.Image, str]]:
    return list(zip(pictures(model.decode(codes), model.spec), groups, strict=True))
