"""An episode to look at."""

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
from genzoo.metrics.playing import play


@register
class Film:
    """Films an episode as its environment draws itself; no display is needed.

    Args:
        frames: pictures, at most, evenly spaced.
        size: of their longer side, in pixels, at most.
        deterministic: the most likely actions; else drawn ones.
        seed: of the episode.

    Raises:
        GenzooError: a number is not positive.
    """

    needs = frozenset({Acts})

    def __init__(self, frames: int = 50, size: int = 300, deterministic: bool = True, seed: int = 0):
        for key, value in (("frames", frames), ("size", size)):
            check_positive(f"metrics.film.{key}", value)
        self.frames, self.size, self.deterministic, self.seed = frames, size, deterministic, seed

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """The animation ``episode``.

        Raises:
            GenzooError: the environment cannot be drawn here.
        """
        if "DISPLAY" not in os.environ:
            os.environ.setdefault("MUJOCO_GL", "egl")
        environment = Filmed(data.make("rgb_array"), -(-data.spec.time_limit // self.frames), self.size)
        try:
            play(module, data, 1, f"film {split}", self.seed, self.deterministic, lambda: environment)
        except gymnasium.error.DependencyNotInstalled as error:
            told = str(error).splitlines()[0]
            hint = 'pip install "genzoo[render]"' if "pygame" in told else told
            raise GenzooError(
                f"metrics.film: drawing {data.id} needs packages that are not installed; {hint}"
            ) from error
        return Evaluation(animations={"episode": environment.pictures})


class Filmed(gymnasium.Wrapper):
    """Keeps a picture every so many steps."""

    def __init__(self, environment: gymnasium.Env, every: int, size: int):
        super().__init__(environment)
        self.every, self.size, self.steps = every, (size, size), 0
        self.pictures: list[Image.Image] = []
        if (renderer := getattr(environment.unwrapped, "mujoco_renderer", None)) is not None:
            import mujoco

            # The camera that goes along, if the model has one; else this is -1, which means the fixed one.
            renderer.camera_id = mujoco.mj_name2id(renderer.model, mujoco.mjtObj.mjOBJ_CAMERA, "track")

    def step(self, action: Any) -> Any:
        """As the environment's, which is drawn before."""
        if self.steps % self.every == 0:
            self.pictures.append(self._picture())
        self.steps += 1
        return self.env.step(action)

    def _picture(self) -> Image.Image:
        try:
            drawn = self.env.render()
        except (NotImplementedError, ImportError, AttributeError, RuntimeError):  # the last three are OpenGL's
            drawn = None
        if drawn is None:
            raise GenzooError(
                "metrics.film: this environment cannot be drawn here; leave the film out, or, if it is one of MuJoCo's "
                "and there is no display, set the environment variable MUJOCO_GL to osmesa."
            )
        picture = Image.fromarray(drawn)
        picture.thumbnail(self.size)
        return picture
