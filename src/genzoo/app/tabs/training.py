"""The pictures of a run over its rounds."""

from collections.abc import Mapping
from pathlib import Path

import gradio as gr
from PIL import Image

from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.runs.kept_pictures import kept_pictures

TITLE = "Training"


def offered(model: Explored) -> bool:
    """Whether the run has kept pictures."""
    return bool(kept_pictures(model.folder))


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    found = kept_pictures(model.folder)
    first = next(iter(found))
    with gr.Row():
        kind = gr.Dropdown(list(found), value=first, label="picture")
        place = _slider(found[first])
    rounds = gr.Markdown()
    newest = Image.open([*found[first].values()][-1])
    picture = gr.Image(newest, label="picture", type="pil", format="png", elem_id="kept", buttons=["download"])

    def show(kind: str, place: float) -> tuple[Image.Image, str]:
        after, path = [*found[kind].items()][min(int(place), len(found[kind])) - 1]
        return Image.open(path), f"After {after:,} rounds."

    shown = guarded(show)
    place.input(
        shown, [kind, place], [picture, rounds], show_progress="hidden", queue=False, trigger_mode="always_last"
    )
    kind.change(lambda kind: _slider(found[kind]), kind, place).then(shown, [kind, place], [picture, rounds])


def _slider(pictures: Mapping[int, Path]) -> gr.Slider:
    n = len(pictures)
    return gr.Slider(
        1, max(n, 2), n, step=1, label="place among the kept pictures, the last one at the right", elem_id="place"
    )
