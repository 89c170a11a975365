"""Several models side by side: the same seeds, the same metrics."""

from collections.abc import Sequence

import gradio as gr

from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import gallery, pictures
from genzoo.app.tabs import samples

TITLE = "Compare"


def metrics_table(models: Sequence[Explored]) -> list[list[str]]:
    """One row per metric that a run has measured: its name, and each model's value, or a dash."""
    names = dict.fromkeys(name for model in models for name in model.metrics)
    return [[name, *(_value(model, name) for model in models)] for name in names]


def _value(model: Explored, name: str) -> str:
    return f"{model.metrics[name]:.4g}" if name in model.metrics else "-"


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
                grids.append(gallery(columns=5))
    for model, grid in zip(drawing, grids, strict=True):
        draw = guarded(lambda seed, model=model: pictures(samples.draw(model, int(seed)).images, model.spec))
        gr.on([button.click, seed.submit], draw, seed, grid)
    if rows := metrics_table(models):
        gr.Markdown("What the runs have measured; a metric compares only where its protocol is the same.")
        gr.Dataframe(rows, headers=["metric", *(model.name for model in models)], interactive=False, elem_id="metrics")
