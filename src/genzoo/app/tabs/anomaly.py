"""The likelihood of images beside that of test images."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import gradio as gr
import torch
from matplotlib.figure import Figure
from torch import Tensor

from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.likelihoods import maps
from genzoo.app.shown import gallery, pictures
from genzoo.app.uploads import uploaded
from genzoo.core.batches import Images
from genzoo.core.capabilities import MapsLikelihood, ScoresLikelihood
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.core.randomness import generator
from genzoo.metrics.batches import evenly_spaced
from genzoo.metrics.scored import log_prob

TITLE = "Anomaly"
COMPARED = 200  #: test images of the histogram
DRAWS = 16  #: of the posterior for each image, for models whose likelihood is not exact
MOST = 10  #: images at a time


def offered(model: Explored) -> bool:
    """Whether the model computes the likelihood of images."""
    return {ScoresLikelihood, Images} <= model.offers


def given(model: Explored, paths: Sequence[str] | None, numbers: str) -> Tensor:
    """Images (N, C, H, W) in [-1, 1]: the uploads, or without any the test images of these numbers.

    Args:
        model: the model.
        paths: of uploads.
        numbers: of test images, from 0, with commas between them.

    Raises:
        GenzooError: there is no image, or there are more than ten, or a test image does not exist.
    """
    if paths:
        images = [uploaded(path, model.spec) for path in paths[: MOST + 1]]
    else:
        test = model.levels("test")
        words = numbers.replace(",", " ").split()
        if wrong := [word for word in words if not word.isdecimal() or int(word) >= len(test)]:
            raise GenzooError(f"test image {wrong[0]}: give numbers from 0 to {len(test) - 1}, such as 0, 1, 2.")
        images = [*from_levels(test[[int(word) for word in words]], model.spec.levels)]
    if not 1 <= len(images) <= MOST:
        count = "no image is chosen" if not images else "too many images are chosen"
        raise GenzooError(f"{count}: upload one to {MOST} images, or give as many numbers of test images.")
    return torch.stack(images)


def scores(model: Explored, levels: Tensor) -> Tensor:
    """log p(x) in nats, (N,), of levels (N, C, H, W)."""
    draws = generator(0, "explorer", device=model.module.device)
    return log_prob(model.module, levels, DRAWS, 20, draws)


def reference(model: Explored) -> Tensor:
    """log p(x) of 200 test images, evenly spaced over the split."""
    return scores(model, evenly_spaced(model.levels("test"), COMPARED))


def described(score: float, compared: Tensor | None) -> str:
    """A score, and the share of test images that are less likely.

    >>> described(-5.0, torch.tensor([-9.0, -6.0, -4.0, -1.0]))
    'log p = -5.0 nats, above 50 % of test images'
    """
    text = f"log p = {score:.1f} nats"
    if compared is None:
        return text
    return f"{text}, above {100 * (compared < score).double().mean().item():.0f} % of test images"


def histogram(compared: Tensor, marked: Sequence[float]) -> Figure:
    """The histogram of test images' scores, with numbered lines at those of other images."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.add_subplot()
    axes.hist(compared.numpy(), bins=30, color="#9db4c0")
    for i, score in enumerate(marked):
        axes.axvline(score, color="#e63946")
        axes.annotate(str(i + 1), (score, 1.01), xycoords=("data", "axes fraction"), ha="center", color="#e63946")
    axes.set_xlabel("log p(x) in nats")
    axes.set_ylabel(f"of {len(compared)} test images")
    return figure


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    with gr.Row():
        files = gr.File(
            label=f"upload images, at most {MOST}", file_count="multiple", file_types=["image"], height=140,
            elem_id="anomaly-file",
        )  # fmt: skip
        with gr.Column():
            numbers = gr.Textbox("0, 1, 2, 3", label="or numbers of test images", elem_id="anomaly-numbers")
            button = gr.Button("Compute log p(x)", variant="primary", elem_id="anomaly-score")
            compare = gr.Button(f"Compare with {COMPARED} test images", elem_id="anomaly-compare")
    scored = gallery(columns=5, elem_id="anomaly-images")
    mapped = MapsLikelihood in model.offers
    with gr.Column(visible=mapped):
        gr.Markdown("-log p of each pixel, given the earlier ones; white is the largest value:")
        shades = gallery(columns=5, elem_id="anomaly-maps")
    plot = gr.Plot(label="log p(x) of test images and, in red, of these", elem_id="anomaly-plot")
    known = gr.State(None)  # scores of test images, computed when they are first asked for

    def score(compared: Tensor | None, paths: list[str] | None, numbers: str, first: bool) -> tuple[Any, ...]:
        images = given(model, paths, numbers)
        compared = reference(model) if first and compared is None else compared
        found = scores(model, to_levels(images, model.spec.levels)).tolist()
        texts = [f"{i + 1}: {described(value, compared)}" for i, value in enumerate(found)]
        figure = None if compared is None else histogram(compared, found)
        named = list(zip(pictures(images, model.spec), texts, strict=True))
        return named, maps(model, images) if mapped else [], figure, compared

    settings, results = [known, files, numbers], [scored, shades, plot, known]
    for widget, first in ((button, False), (compare, True)):
        widget.click(guarded(partial(score, first=first)), settings, results)
