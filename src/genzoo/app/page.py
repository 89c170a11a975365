"""The page: a tab for each thing that its model can do."""

from typing import Protocol

import gradio as gr

from genzoo.app.explored import Explored
from genzoo.app.tabs import between, codes, samples
from genzoo.core.errors import GenzooError

STYLE = """
.gradio-container img { image-rendering: pixelated; }
footer { display: none !important; }
"""


class Tab(Protocol):
    """One tab: a module of ``genzoo.app.tabs``."""

    TITLE: str

    def offered(self, model: Explored) -> bool:
        """Whether the model can do what the tab needs."""

    def build(self, model: Explored, start: gr.State) -> None:
        """Adds the tab's content to the page; ``start`` is the ``Start`` that was chosen, or None."""


TABS: tuple[Tab, ...] = (samples, codes, between)


def page(model: Explored) -> gr.Blocks:
    """Builds the page of a model.

    Raises:
        GenzooError: no tab can show what the model does.
    """
    tabs = [tab for tab in TABS if tab.offered(model)]
    if not tabs:
        raise GenzooError(f"ckpt: no tab of the explorer shows what {model.name} does; try genzoo evaluate.")
    with gr.Blocks(title=f"genzoo: {model.name}", analytics_enabled=False) as blocks:
        gr.Markdown(f"# {model.name}")
        start = gr.State(None)
        for tab in tabs:
            with gr.Tab(tab.TITLE):
                tab.build(model, start)
    return blocks
