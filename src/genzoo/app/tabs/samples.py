"""Samples of the model, each of which can be the start of the other tabs."""

from typing import Any, NamedTuple

import gradio as gr
import torch
from torch import Tensor

from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import film, gallery, pictures
from genzoo.app.start import Start
from genzoo.core.batches import Images, Shown
from genzoo.core.capabilities import (
    Decodes,
    DrawsSequentially,
    Samples,
    SamplesAtTemperature,
    SamplesClasses,
    SamplesGiven,
)
from genzoo.core.images import from_levels
from genzoo.core.randomness import generator
from genzoo.core.text import to_numbers
from genzoo.metrics.nearest import nearest

TITLE = "Samples"
N = 30  #: samples of a draw
NEIGHBOURS = 5
SEARCHED = 10_000  #: training images among which neighbours are searched


class Drawn(NamedTuple):
    """Samples.

    Args:
        images: (n, C, H, W) in [-1, 1], or volumes.
        codes: of the images, (n, latent.width); None if the model has none, or they are unknown.
    """

    images: Tensor
    codes: Tensor | None = None


def offered(model: Explored) -> bool:
    """Whether the model draws images or volumes."""
    return Shown in model.offers and (Samples in model.offers or _of_captions(model))


def draw(
    model: Explored,
    seed: int,
    label: int | None = None,
    temperature: float | None = None,
    caption: str | None = None,
) -> Drawn:
    """Draws 30 samples, the same for the same arguments.

    Args:
        model: the model.
        seed: of the random numbers.
        label: class of all samples; None = all classes in turn.
        temperature: of the sampler; None = the recipe's.
        caption: of all samples.

    Raises:
        GenzooError: the caption is empty or has unknown characters.
    """
    module, drawn = model.module, generator(seed, "explorer")
    n = module.sampling_batch if module.batch_norm == "batch" else N  # whose statistics the images depend on
    if caption is not None:
        numbers = to_numbers([caption], module.asks["caption"][-1])
        return Drawn(module.sample_given({"caption": numbers.expand(n, 1, -1)}, drawn)[:N])
    if SamplesClasses in model.offers:
        classes = torch.arange(n) % module.label_classes if label is None else torch.full((n,), label)
        return Drawn(module.sample(n, classes, drawn)[:N])
    if Decodes in model.offers:
        codes = model.codes(seed, n)
        return Drawn(model.decode(codes)[:N], codes[:N])
    options = {} if temperature is None else {"temperature": temperature}
    return Drawn(module.sample(n, None, drawn, **options)[:N])


def neighbours(model: Explored, image: Tensor) -> tuple[Tensor, list[str]]:
    """The training images that are nearest to an image (C, H, W), with their distances as text."""
    levels, n = model.levels("train", SEARCHED), model.spec.levels
    known = (from_levels(part, n).flatten(1) for part in levels.split(1000))  # all of them at once may be gigabytes
    distances, indices = nearest(image.flatten()[None].cpu(), known, NEIGHBOURS)
    scale = 127.5 / image.numel() ** 0.5  # the root of the mean square, in levels
    return from_levels(levels[indices[0]], n), [f"{scale * distance:.1f} levels" for distance in distances[0].tolist()]


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    # What is chosen; an invisible number stands for a setting that the model lacks.
    with gr.Row():
        seed = gr.Number(0, label="seed", precision=0, minimum=0)
        classes = model.module.label_classes if SamplesClasses in model.offers else 0
        names = [("all", None), *((str(i), i) for i in range(classes))]
        label = gr.Dropdown(names, value=None, label="class", visible=bool(classes))
        tempered = SamplesAtTemperature in model.offers
        temperature = gr.Slider(0.1, 1.5, 1.0, step=0.05, label="temperature", visible=tempered)
        captioned = _of_captions(model)
        caption = gr.Textbox("a small red cross", label="caption", visible=captioned)
        button = gr.Button("Draw", variant="primary")

    # The samples, the chosen one and its neighbours.
    gr.Markdown("Samples: click one, and the other tabs start from it.")
    first = draw(model, 0) if Decodes in model.offers else None  # others may take minutes
    drawn = gr.State(first)
    grid = gallery(pictures(first.images, model.spec) if first else None, columns=10, elem_id="samples")
    with gr.Column(visible=Images in model.offers):
        gr.Markdown("Nearest training images of the chosen one:")
        near = gallery(columns=NEIGHBOURS, elem_id="neighbours")

    def redraw(seed: float, label: int | None, temperature: float, caption: str) -> tuple[Any, ...]:
        found = draw(model, int(seed), label, temperature if tempered else None, caption if captioned else None)
        return pictures(found.images, model.spec), found

    def choose(found: Drawn, event: gr.SelectData) -> tuple[Any, ...]:
        image = found.images[event.index].cpu()
        chosen = Start(image, None if found.codes is None else found.codes[event.index])
        if Images not in model.offers:
            return chosen, []
        known, distances = neighbours(model, image)
        return chosen, list(zip(pictures(known, model.spec), distances, strict=True))

    settings = [seed, label, temperature, caption]
    gr.on([button.click, seed.submit], guarded(redraw), settings, [grid, drawn])
    grid.select(guarded(choose), [drawn], [start, near])
    if DrawsSequentially in model.offers:
        steps = gr.Button("Watch one being drawn")
        animation = gr.Image(label="steps", type="filepath", buttons=["download"])
        steps.click(guarded(lambda seed: _steps(model, int(seed))), [seed], [animation])


def _steps(model: Explored, seed: int) -> str:
    canvases = model.module.canvases(1, generator(seed, "explorer")).images[:, 0]
    return film(pictures(canvases, model.spec))


def _of_captions(model: Explored) -> bool:
    return SamplesGiven in model.offers and "caption" in model.module.asks
