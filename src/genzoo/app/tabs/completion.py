"""Completions of an image, parts of which are masked."""

from functools import partial
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor
from torch.optim import Adam

from genzoo.app.canvas import canvas, needed, painted
from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.likelihoods import maps
from genzoo.app.shown import gallery, pictures
from genzoo.core.batches import Images
from genzoo.core.capabilities import Completes, Decodes, MapsLikelihood
from genzoo.core.completion import around_centre, upper_half
from genzoo.core.errors import GenzooError
from genzoo.core.latent_search import LatentSearch
from genzoo.core.randomness import generator
from genzoo.metrics.completion_search import SearchedCompletions

TITLE = "Completion"
N = 6  #: completions of an image
SEARCH = LatentSearch(optimizer=partial(Adam, lr=0.05), steps=150)  #: for models that only decode


def offered(model: Explored) -> bool:
    """Whether the model completes images, or decodes codes to images, among which the nearest is searched for."""
    return Images in model.offers and bool({Completes, Decodes} & model.offers)


def masks(model: Explored) -> dict[str, Tensor]:
    """Names of masks -> the given pixels, bool (1, H, W)."""
    size = model.spec.size
    found = {
        "lower half": upper_half(size, size),
        "right half": upper_half(size, size).mT,
        "centre": around_centre(size, size // 2),
    }
    return found | ({"typical part": model.module.typical_mask.cpu()} if Completes in model.offers else {})


def completions(model: Explored, image: Tensor, given: Tensor, seed: int, n: int = N) -> Tensor:
    """Completions of an image, (n, C, H, W).

    Args:
        model: the model.
        image: (C, H, W) in [-1, 1].
        given: the pixels that stay as they are, bool (1, H, W).
        seed: of the random numbers.
        n: number of completions.

    Raises:
        GenzooError: no pixel is missing, or none is given, or the model cannot fill in the missing ones.
    """
    if given.all():
        raise GenzooError("the mask is empty: paint over what is to be completed.")
    if not given.any():
        raise GenzooError("all of the image is masked: leave a part of it as it is.")
    module, drawn = model.module, generator(seed, "explorer")
    images, mask = (x[None].repeat(n, 1, 1, 1).to(module.device) for x in (image.where(given, 0.0), given))
    if Completes in model.offers:
        return module.complete(images, mask, drawn).cpu()
    return SearchedCompletions(SEARCH).complete(module, images, mask, drawn).cpu()


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    with gr.Row():
        with gr.Column(scale=1):
            image, editor = canvas(model, start, "completion", ["#e63946"])
        with gr.Column(scale=1):
            seed = gr.Number(0, label="seed", precision=0, minimum=0)
            painting = gr.Button("Complete the painted part", variant="primary", elem_id="complete-painted")
            gr.Markdown("or, without a brush, complete the")
            with gr.Row():
                typical = masks(model)
                buttons = [gr.Button(name, min_width=120) for name in typical]
            left = gr.Image(label="given", type="pil", format="png", height=180, elem_id="given", buttons=[])
    gr.Markdown("Completions:")
    found = gallery(columns=N, elem_id="completions")
    mapped = MapsLikelihood in model.offers
    with gr.Column(visible=mapped):
        gr.Markdown("-log p of each of their pixels, given the earlier ones; white is the largest value:")
        shades = gallery(columns=N, elem_id="completion-maps")

    def complete(image: Tensor | None, seed: float, given: Tensor) -> tuple[Any, ...]:
        whole = needed(image)
        drawn = completions(model, whole, given, int(seed))
        return _masked(model, whole, given), pictures(drawn, model.spec), maps(model, drawn) if mapped else []

    def of_strokes(image: Tensor | None, seed: float, value: dict[str, Any]) -> tuple[Any, ...]:
        return complete(needed(image), seed, painted(value["layers"], model.spec).opacity < 0.5)

    results = [left, found, shades]
    painting.click(guarded(of_strokes), [image, seed, editor], results)
    for button, given in zip(buttons, typical.values(), strict=True):
        button.click(guarded(partial(complete, given=given)), [image, seed], results)


def _masked(model: Explored, image: Tensor, given: Tensor) -> Image.Image:
    return pictures(image.where(given, torch.zeros(()))[None], model.spec)[0]
