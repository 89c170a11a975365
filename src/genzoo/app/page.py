"""The page: a tab for each thing that its model can do."""

from collections.abc import Sequence
from typing import Protocol

import gradio as gr

from genzoo.app.explored import Explored
from genzoo.app.tabs import (
    anomaly,
    attributes,
    between,
    codes,
    compare,
    completion,
    editing,
    episodes,
    playground,
    samples,
    training,
    translation,
)
from genzoo.core.errors import GenzooError

#: Gradio's own colours have a contrast of less than 4.5.
THEME = gr.themes.Default(primary_hue="blue").set(
    color_accent="*primary_700",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_hover_dark="*primary_800",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_300",
)
STYLE = """
.gradio-container img { image-rendering: pixelated; }
#game img { image-rendering: auto !important; }
gradio-app .grid-wrap { min-height: 0 !important; max-height: none !important; }
gradio-app .grid-container {
    grid-template-columns: repeat(var(--grid-cols), minmax(0, 1fr)) !important;
    grid-auto-rows: auto !important;
}
gradio-app .grid-container .thumbnail-item { height: auto !important; aspect-ratio: auto !important; }
gradio-app .grid-container img { height: auto !important; object-fit: contain !important; }
.dark button[role=tab].selected { color: var(--primary-300); }
.image-container .empty { color: var(--body-text-color-subdued) !important; }
footer { display: none !important; }
"""


class Tab(Protocol):
    """One tab: a module of ``genzoo.app.tabs``."""

    TITLE: str

    def offered(self, model: Explored) -> bool:
        """Whether the model can do what the tab needs."""

    def build(self, model: Explored, start: gr.State) -> None:
        """Adds the tab's content to the page; ``start`` is the ``Start`` that was chosen, or None."""


TABS: tuple[Tab, ...] = (
    samples,
    codes,
    between,
    completion,
    translation,
    anomaly,
    attributes,
    editing,
    episodes,
    training,
)


def page(models: Sequence[Explored]) -> gr.Blocks:
    """Builds the page of a model, and of others to compare with it; without any, what needs no model.

    Raises:
        GenzooError: no tab can show what the model does.
    """
    tabs = [(tab, model) for model in models[:1] for tab in TABS if tab.offered(model)]
    if models and not tabs:
        raise GenzooError(f"ckpt: no tab of the explorer shows what {models[0].name} does; try genzoo evaluate.")
    title = f"genzoo: {models[0].name}" if models else "genzoo"
    with gr.Blocks(title=title, analytics_enabled=False) as blocks:
        gr.Markdown(f"# {title.removeprefix('genzoo: ')}")
        start = gr.State(None)
        for tab, model in tabs:
            with gr.Tab(tab.TITLE):
                tab.build(model, start)
        if len(models) > 1:
            with gr.Tab(compare.TITLE):
                compare.build(models)
        with gr.Tab(playground.TITLE):
            playground.build()
    return blocks
