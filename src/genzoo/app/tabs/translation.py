"""Images translated to another domain, or degraded and restored."""

from typing import Any

import gradio as gr
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from genzoo.app.canvas import BLACK, CHOSEN, TEST, UPLOAD, WHITE, canvas, needed, over, painted, spec_of
from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import enlarged, gallery
from genzoo.core.batches import Images
from genzoo.core.capabilities import Restores, Translates
from genzoo.core.pictures import plain_picture
from genzoo.core.randomness import generator

TITLE = "Translation"
Named = list[tuple[Image.Image, str]]


def offered(model: Explored) -> bool:
    """Whether the model translates or restores images."""
    return Images in model.offers and bool({Translates, Restores} & model.offers)


def directions(model: Explored) -> dict[str, tuple[str, str]]:
    """Names of directions, for people -> source and target domain."""
    names = dict(zip("AB", model.spec.domains, strict=True))
    return {f"{names[a]} to {names[b]}": (a, b) for a, b in model.module.directions}


def translated(model: Explored, image: Tensor, source: str, target: str, seed: int) -> dict[str, Tensor]:
    """An image (C, H, W) of the source domain, its translation and, where the model has the way, that one's back."""
    module = model.module

    def to(x: Tensor, a: str, b: str) -> Tensor:
        return module.translate(x[None].to(module.device), a, b, generator(seed, "explorer"))[0].cpu()

    found = {"image": image, "translation": to(image, source, target)}
    if (target, source) in module.directions:
        found["and back"] = to(found["translation"], target, source)
    return found


def restored(model: Explored, image: Tensor, seed: int) -> dict[str, Tensor]:
    """An image (C, H, W), its degraded observation, at the same size, and what the model computes from that."""
    module, drawn = model.module, generator(seed, "explorer")
    observed = module.degrade(image[None].to(module.device), drawn)
    rebuilt = module.restore(observed, drawn)
    size = list(image.shape[1:])
    return {"image": image, "observed": F.interpolate(observed, size)[0].cpu(), "restored": rebuilt[0].cpu()}


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    ways = directions(model) if Translates in model.offers else {}
    names = list(ways) or ["degrade, then restore"]
    domains = gr.State(_domain(ways, names[0]))
    with gr.Row():
        with gr.Column(scale=1):
            direction = gr.Radio(names, value=names[0], label="direction", visible=len(names) > 1)
            sources = (TEST, UPLOAD, BLACK, WHITE) if ways else (TEST, UPLOAD, CHOSEN)
            image, editor = canvas(model, start, "translation", ["#ffffff", "#000000"], sources, domains)
        with gr.Column(scale=1):
            seed = gr.Number(0, label="seed", precision=0, minimum=0)
            text = "Translate" if ways else "Degrade and restore"
            button = gr.Button(f"{text} the image as painted", variant="primary", elem_id="translate")
            found = gallery(columns=3, elem_id="translated")

    def run(image: Tensor | None, value: dict[str, Any], name: str, seed: float) -> Named:
        whole, spec = needed(image), spec_of(model, _domain(ways, name))
        given = over(whole, painted(value["layers"], spec))
        results = translated(model, given, *ways[name], int(seed)) if ways else restored(model, given, int(seed))
        return [(enlarged(plain_picture(x)), label) for label, x in results.items()]

    direction.input(lambda name: (_domain(ways, name), None, None), direction, [domains, image, editor])
    button.click(guarded(run), [image, editor, direction, seed], found)


def _domain(ways: dict[str, tuple[str, str]], name: str) -> int:
    """The number of the source domain of a direction."""
    return "AB".index(ways[name][0]) if ways else 0
