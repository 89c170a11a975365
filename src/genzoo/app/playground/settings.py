"""The settings of a game on points, as overrides of conf/train.yaml."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from genzoo.core.errors import GenzooError

ROUNDS = 20_000  #: after which a training ends
#: data for people -> overrides; all have few points, which are drawn in milliseconds
DATA: Mapping[str, Mapping[str, Any]] = {
    "ring": {"data": "ring", "data.std": 0.05},
    "grid": {"data": "grid", "data.std": 0.1},
    "spiral": {"data": "swiss_roll"},
    "two moons": {"data": "two_moons"},
    "my points": {"data": "modes", "data.std": 0.03},
}
OBJECTIVES = {
    "non-saturating": "NonSaturating",
    "minimax": "Minimax",
    "least squares": "LeastSquares",
    "hinge": "Hinge",
    "Wasserstein": "Wasserstein",
}
PENALTIES: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "gradient penalty, λ = 10": {
        "+model.penalties.gradient_penalty": {"_target_": "genzoo.nn.penalties.GradientPenalty", "weight": 10.0}
    },
    "R1, γ = 0.1": {"+model.penalties.r1": {"_target_": "genzoo.nn.penalties.R1", "weight": 0.1}},
    "weights within ±0.1": {"+model.weight_clip": 0.1},
}


class Settings(NamedTuple):
    """What a person chooses.

    Args:
        data: key of ``DATA``.
        objective: key of ``OBJECTIVES``.
        penalty: key of ``PENALTIES``.
        steps: updates of the discriminator per round.
        discriminator_rate, generator_rate: learning rates, as typed.
        seed: of weights and draws.
        centres: x and y from -1 to 1 of each of the person's points.
    """

    data: str = "ring"
    objective: str = "non-saturating"
    penalty: str = "none"
    steps: int = 1
    discriminator_rate: str = "0.004"
    generator_rate: str = "0.002"
    seed: int = 0
    centres: tuple[tuple[float, float], ...] = ()


def overrides(settings: Settings) -> dict[str, Any]:
    """The overrides of conf/train.yaml.

    Raises:
        GenzooError: a learning rate is no positive number, or no points were given.
    """
    chosen = {"model": "gan_2d", **DATA[settings.data]}
    if settings.data == "my points":
        if not settings.centres:
            raise GenzooError("my points: there are none yet; click into the picture to add some.")
        chosen["data.centres"] = settings.centres
    return {
        **chosen,
        "trainer": "cpu",
        "trainer.rounds": ROUNDS,
        "logger": "none",
        "metrics": "none",
        "seed": settings.seed,
        "data.n_train": 10_000,
        "recipe.batch_size": 128,
        "recipe.full": {"generator": [64, 64], "discriminator": [64, 64]},
        "model.objective._target_": f"genzoo.nn.objectives.{OBJECTIVES[settings.objective]}",
        **PENALTIES[settings.penalty],
        "+model.round": {"_target_": "genzoo.adversarial.rounds.Alternating", "discriminator_steps": settings.steps},
        "model.optimizers.discriminator.lr": rate("discriminator", settings.discriminator_rate),
        "model.optimizers.generator.lr": rate("generator", settings.generator_rate),
    }


def rate(player: str, typed: str) -> float:
    """A learning rate.

    Raises:
        GenzooError: it is not a positive number.

    >>> rate("generator", "2e-3")
    0.002
    """
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise GenzooError(f"learning rate of the {player}: {typed!r}: a positive number is needed, such as 0.001.")
    return value
