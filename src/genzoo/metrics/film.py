"""A film of an episode."""

import os
from typing import Any

import gymnasium
from PIL import Image

from genzoo.core.capabilities import Acts
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.playing import Episode, play


@register
class Film:
    """Films an episode as rendered by its environment; no display is needed.

    Args:
        frames: maximum number of frames, evenly spaced.
        size: maximum length of the longer side, in pixels.
        deterministic: True = the most likely actions; False = actions drawn from the policy.
        seed: seed of the episode.

    Raises:
        GenzooError: a number is not positive.
    """

    needs = frozenset({Acts})

    def __init__(self, frames: int = 50, size: int = 300, deterministic: bool = True, seed: int = 0):
        for key, value in (("frames", frames), ("size", size)):
            check_positive(f"metrics.film.{key}", value)
        self.frames, self.size, self.deterministic, self.seed = frames, size, deterministic, seed

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """Returns the animation ``episode``.

        Raises:
            GenzooError: the environment cannot be rendered on this machine.
        """
        return Evaluation(animations={"episode": self.play(module, data, f"film {split}")[1]})

    def play(self, module: RoundModule, data: Data, split: str) -> tuple[Episode, list[Image.Image]]:
        """Plays an episode.

        Args:
            module: model with the capability Acts.
            data: data with an environment; it need not be loaded.
            split: part of the seed.

        Returns:
            The episode, and its frames.

        Raises:
            GenzooError: the environment cannot be rendered on this machine.
        """
        if "DISPLAY" not in os.environ:
            os.environ.setdefault("MUJOCO_GL", "egl")
        environment = Filmed(data.make("rgb_array"), -(-data.spec.time_limit // self.frames), self.size)
        try:
            (episode,) = play(module, data, 1, split, self.seed, self.deterministic, lambda: environment)
        except gymnasium.error.DependencyNotInstalled as error:
            message = str(error).splitlines()[0]
            hint = 'pip install "genzoo[render]"' if "pygame" in message else message
            raise GenzooError(
                f"metrics.film: drawing {data.id} needs packages that are not installed; {hint}"
            ) from error
        return episode, environment.pictures


class Filmed(gymnasium.Wrapper):
    """Keeps a rendered frame every ``every`` steps."""

    def __init__(self, environment: gymnasium.Env, every: int, size: int):
        super().__init__(environment)
        self.every, self.size, self.steps = every, (size, size), 0
        self.pictures: list[Image.Image] = []
        if (renderer := getattr(environment.unwrapped, "mujoco_renderer", None)) is not None:
            import mujoco

            # The camera that follows the body, if the model has one; else the id is -1, the fixed camera.
            renderer.camera_id = mujoco.mj_name2id(renderer.model, mujoco.mjtObj.mjOBJ_CAMERA, "track")

    def step(self, action: Any) -> Any:
        """Renders the state if it is due, then steps the environment."""
        if self.steps % self.every == 0:
            self.pictures.append(self._picture())
        self.steps += 1
        return self.env.step(action)

    def _picture(self) -> Image.Image:
        try:
            drawn = self.env.render()
        except (NotImplementedError, ImportError, AttributeError, RuntimeError):  # OpenGL raises the last three
            drawn = None
        if drawn is None:
            raise GenzooError(
                "metrics.film: this environment cannot be rendered on this machine; leave the film out, or, for MuJoCo "
                "without a display, set the environment variable MUJOCO_GL to osmesa."
            )
        picture = Image.fromarray(drawn)
        picture.thumbnail(self.size)
        return picture
