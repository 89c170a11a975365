"""Several models side by side: the same seeds, the same metrics, the same share of their training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import gallery, pictures
from genzoo.app.tabs import samples
from genzoo.runs.kept_pictures import kept_pictures

TITLE = "Compare"


def metrics_table(models: Sequence[Explored]) -> list[list[str]]:
    """One row per metric that a run has measured: its name, and each model's value, or a dash."""
    names = dict.fromkeys(name for model in models for name in model.metrics)
    return [[name, *(_value(model, name) for model in models)] for name in names]


def _value(model: Explored, name: str) -> str:
    return f"{model.metrics[name]:.4g}" if name in model.metrics else "-"


def at_share(kept: Mapping[int, Path], percent: float) -> tuple[int, Path]:
    """The last picture of at most this share of a run's rounds with its round, or the first one.

    Args:
        kept: round -> picture, in order.
        percent: of the round of the last picture.
    """
    limit = percent / 100 * max(kept)
    rounds = max((after for after in kept if after <= limit), default=min(kept))
    return rounds, kept[rounds]


def build(models: Sequence[Explored]) -> None:
    """Adds the tab's content to the page."""
    with gr.Row():
        seed = gr.Number(0, label="seed of all models", precision=0, minimum=0)
        button = gr.Button("Draw", variant="primary")
    drawing = [model for model in models if samples.offered(model)]
    grids = []
    with gr.Row():
        for model in drawing:
            with gr.Column(min_width=300):
                gr.Markdown(f"### {model.name}")
                grids.append(gallery(columns=5, elem_id=f"compared-{len(grids)}"))
    for model, grid in zip(drawing, grids, strict=True):
        draw = guarded(lambda seed, model=model: pictures(samples.draw(model, int(seed)).images, model.spec))
        gr.on([button.click, seed.submit], draw, seed, grid)
    _build_film(models)
    if rows := metrics_table(models):
        gr.Markdown("What the runs have measured; a metric compares only where its protocol is the same.")
        gr.Dataframe(rows, headers=["metric", *(model.name for model in models)], interactive=False, elem_id="metrics")


def _build_film(models: Sequence[Explored]) -> None:
    """Adds the samples of the models' trainings, with one slider for all of them."""
    kept = [(model, found["grid"]) for model in models if "grid" in (found := kept_pictures(model.folder))]
    if not kept:
        return

    def frames(percent: float) -> list[dict[str, Any]]:
        found = [(model, *at_share(of, percent)) for model, of in kept]
        return [{"value": Image.open(path), "label": _label(model, after)} for model, after, path in found]

    place = gr.Slider(0, 100, 100, step=1, label="share of the training, in %", elem_id="share")
    shown = []
    with gr.Row():
        for frame in frames(100):
            with gr.Column(min_width=300):
                shown.append(gr.Image(**frame, type="pil", format="png", buttons=["download"]))

    def move(percent: float) -> list[gr.Image] | gr.Image:
        images = [gr.Image(**frame) for frame in frames(percent)]
        return images if len(images) > 1 else images[0]

    place.input(guarded(move), place, shown, show_progress="hidden", queue=False, trigger_mode="always_last")


def _label(model: Explored, after: int) -> str:
    return f"{model.name.partition(',')[0]}, after {after:,} rounds"
