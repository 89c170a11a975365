"""Episodes of a policy, chosen among the checkpoints of its run."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import gradio as gr
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from genzoo.app.explored import Explored
from genzoo.app.guarded import guarded
from genzoo.app.shown import film
from genzoo.core.capabilities import Acts
from genzoo.core.figures import as_picture
from genzoo.metrics.film import Film
from genzoo.runs.load import loaded

TITLE = "Episodes"
FRAMES = 60


class Watched(NamedTuple):
    """An episode.

    Args:
        frames: pictures of it.
        rewards: (T,).
    """

    frames: Sequence[Image.Image]
    rewards: np.ndarray


def offered(model: Explored) -> bool:
    """Whether the model acts."""
    return Acts in model.offers


def checkpoints(run: Path) -> list[Path]:
    """The checkpoints of a run, oldest first: those that were kept, and the last one."""
    return [*sorted(run.glob("checkpoints/*.ckpt")), *run.glob("last.ckpt")]


def watch(model: Explored, checkpoint: Path | None, seed: int, likeliest: bool) -> Watched:
    """Plays an episode.

    Args:
        model: the policy.
        checkpoint: of the policy that plays; None = the model's own.
        seed: of the episode.
        likeliest: True = the most likely actions; False = drawn ones.

    Raises:
        GenzooError: the checkpoint is damaged, or the environment cannot be drawn on this machine.
    """
    policy = loaded(checkpoint, "ckpt", (), str(model.module.device)).module if checkpoint else model.module
    episode, frames = Film(FRAMES, deterministic=likeliest, seed=seed).play(policy, model.source, "explorer")
    return Watched(frames, episode.rewards)


def return_picture(rewards: np.ndarray) -> Image.Image:
    """The sum of the rewards so far, over the steps."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="return so far")
    axes.plot(range(1, len(rewards) + 1), rewards.cumsum())
    return as_picture(figure)


def build(model: Explored, start: gr.State) -> None:
    """Adds the tab's content to the page."""
    kept = checkpoints(model.folder)
    with gr.Row():
        names = [(path.stem, str(path)) for path in kept]
        chosen = gr.Dropdown(names, value=str(kept[-1]) if kept else None, label="checkpoint", visible=len(kept) > 1)
        seed = gr.Number(0, label="seed of the episode", precision=0, minimum=0)
        likeliest = gr.Checkbox(True, label="the most likely actions")
        button = gr.Button("Play an episode", variant="primary")
    with gr.Row():
        animation = gr.Image(label="episode", type="filepath", elem_id="episode", buttons=["download"])
        plot = gr.Image(label="return so far", type="pil", elem_id="return", buttons=["download"])
    total = gr.Markdown()

    def play(chosen: str | None, seed: float, likeliest: bool) -> tuple:
        watched = watch(model, Path(chosen) if chosen else None, int(seed), likeliest)
        text = f"Return {watched.rewards.sum():.4g} in {len(watched.rewards)} steps."
        return film(watched.frames), return_picture(watched.rewards), text

    button.click(guarded(play), [chosen, seed, likeliest], [animation, plot, total])
