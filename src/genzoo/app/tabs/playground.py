"""A game on points in the plane that is trained while one watches; it needs no checkpoint."""

from typing import Any

import gradio as gr
from PIL import Image

from genzoo.app.guarded import guarded
from genzoo.app.playground.drawing import empty, picture, place
from genzoo.app.playground.settings import DATA, OBJECTIVES, PENALTIES, Settings
from genzoo.app.playground.training import Training

TITLE = "Playground"
SECONDS = 0.3  #: of rounds between two pictures
PAUSE = 0.3  #: seconds between two requests of the page for rounds
OWN = "my points"
ABOUT = (
    "A generator learns to draw points like the data, a discriminator to tell the two apart. "
    "Blue dots: data. Orange dots: samples. Background: where the discriminator takes a point for "
    "data (blue) or for a sample (orange)."
)


def build() -> None:
    """Adds the tab's content to the page.

    Each session has a training of its own. It goes on while its page asks for rounds, so it ends with the page.
    """
    session, centres = gr.State(None), gr.State(())
    default = Settings()
    gr.Markdown(ABOUT)
    with gr.Row():
        with gr.Column(min_width=300):
            with gr.Row():
                start = gr.Button("Start", variant="primary", size="md", min_width=60)
                pause, step, restart = (
                    gr.Button(name, size="md", min_width=60) for name in ("Pause", "Step", "Restart")
                )
            first = shown(Training(default))
            status = gr.Markdown(first[1], elem_id="game-status")
            image = gr.Image(
                first[0], type="pil", format="png", show_label=False, interactive=False, buttons=[], elem_id="game"
            )
        with gr.Column(min_width=300):
            data = gr.Dropdown(list(DATA), value=default.data, label="data", elem_id="game-data")
            clear = gr.Button("Remove my points", size="md", visible=False)
            objective = gr.Dropdown(
                list(OBJECTIVES), value=default.objective, label="objective", elem_id="game-objective"
            )
            penalty = gr.Dropdown(list(PENALTIES), value=default.penalty, label="penalty of the discriminator")
            steps = gr.Slider(1, 5, default.steps, step=1, label="updates of the discriminator per round")
            with gr.Row():
                rates = [_rate("discriminator", default.discriminator_rate), _rate("generator", default.generator_rate)]
            seed = gr.Number(default.seed, label="seed", precision=0, minimum=0)
    timer = gr.Timer(PAUSE, active=False)

    given = [session, centres, data, objective, penalty, steps, *rates, seed]
    view = [session, image, status]
    quiet: dict[str, Any] = {"show_progress": "hidden"}
    changes = [widget.change for widget in (data, objective, penalty)]
    changes += [steps.release, seed.blur, *(rate.blur for rate in rates)]
    data.change(lambda name: gr.Button(visible=name == OWN), data, clear, **quiet)
    gr.on(changes, guarded(applied), given, view, **quiet)
    start.click(guarded(started), given, [*view, timer], **quiet)
    pause.click(lambda: gr.Timer(active=False), None, timer, **quiet)
    step.click(guarded(stepped), given, view, **quiet)
    restart.click(guarded(restarted), given, view, **quiet)
    timer.tick(guarded(played), session, [image, status, timer], **quiet)
    for change in (image.select(clicked, [centres, data], centres), clear.click(lambda: (), None, centres)):
        change.then(guarded(applied), given, view, **quiet)


def shown(training: Training | None) -> tuple[Image.Image, str]:
    """The picture and the figures of a training; None stands for one without points yet."""
    if training is None:
        return empty(), "Click into the picture to add points."
    figures = [f"**Round {training.rounds:,}**", training.coverage(training.samples())]
    figures += [f"{name.replace('_', ' ')} {value:.2f}" for name, value in training.losses.items()]
    return picture(training), " · ".join(filter(None, figures)) + (f"\n\n{training.ended}" if training.ended else "")


def applied(session: Training | None, *values: Any) -> tuple[Any, ...]:
    """The session's training, or if its settings have changed, a new one."""
    settings = _settings(*values)
    found = None if settings.data == OWN and not settings.centres else _ready(session, *values)
    return found, *shown(found)


def restarted(session: Training | None, *values: Any) -> tuple[Any, ...]:
    """A new training."""
    return applied(None, *values)


def started(session: Training | None, *values: Any) -> tuple[Any, ...]:
    """The training of the settings, and the timer that plays it."""
    session = _ready(session, *values)
    return session, *shown(session), gr.Timer(active=True)


def stepped(session: Training | None, *values: Any) -> tuple[Any, ...]:
    """The training of the settings, one round later."""
    session = _ready(session, *values)
    session.play(0.0)
    return session, *shown(session)


def played(session: Training | None) -> tuple[Any, ...]:
    """The training some rounds later, and the timer, which stops when there are no further rounds."""
    if session is not None:
        session.play(SECONDS)
    over = session is None or session.ended
    return *shown(session), gr.Timer(active=False) if over else gr.skip()  # it may have been paused meanwhile


def clicked(centres: tuple[tuple[float, float], ...], data: str, event: gr.SelectData) -> tuple[Any, ...]:
    """The person's points and the one that was clicked, if they are what is trained on."""
    return (*centres, place(event.index)) if data == OWN else centres


def _ready(session: Training | None, *values: Any) -> Training:
    settings = _settings(*values)
    return session if session is not None and session.settings == settings else Training(settings)


def _settings(centres: Any, data: str, objective: str, penalty: str, steps: float, *more: Any) -> Settings:
    discriminator, generator, seed = more
    pairs = tuple((x, y) for x, y in centres)
    return Settings(data, objective, penalty, int(steps), discriminator, generator, int(seed or 0), pairs)


def _rate(player: str, value: str) -> gr.Textbox:
    return gr.Textbox(value, label=f"learning rate, {player}", elem_id=f"game-{player}", min_width=160)
