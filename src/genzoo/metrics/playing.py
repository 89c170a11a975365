"""Episodes of a model that acts."""

from collections.abc import Callable
from typing import NamedTuple

import gymnasium
import numpy as np
import torch

from genzoo.core.checks import check_finite
from genzoo.core.randomness import derive_seed, generator
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data


class Episode(NamedTuple):
    """A whole episode.

    Args:
        observations: what each step began with, float32 (T, D).
        actions: as the model chose them, whether or not the environment clips them, (T,) or (T, A).
        rewards: of the environment, float64 (T,).
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray


def play(
    module: RoundModule,
    data: Data,
    episodes: int,
    split: str,
    seed: int,
    deterministic: bool,
    make: Callable[[], gymnasium.Env] | None = None,
) -> list[Episode]:
    """Plays so many episodes, all side by side, each in an environment of its own.

    Args:
        module: acts.
        data: an environment.
        episodes: so many.
        split: episodes of other splits differ.
        seed: of the environments and of what is drawn.
        deterministic: the most likely actions; else drawn ones.
        make: gives an environment; None = the data's own.

    Raises:
        GenzooError: what is observed or a reward is not finite.
    """
    drawn = generator(seed, "actions", split, device=module.device)
    environments = [(make or data.make)() for _ in range(episodes)]
    seeds = [derive_seed(seed, "episodes", split, i) for i in range(episodes)]
    seen = {i: environment.reset(seed=seeds[i])[0] for i, environment in enumerate(environments)}
    steps: list[list[tuple[np.ndarray, np.ndarray, float]]] = [[] for _ in environments]
    while seen:
        observations = np.stack(list(seen.values())).astype(np.float32)
        for i, observation in zip(seen, observations, strict=True):
            check_finite("an observation", len(steps[i]), seeds[i], observation)
        actions = module.act(torch.as_tensor(observations, device=module.device), deterministic, drawn).cpu().numpy()
        for i, observation, action in zip(list(seen), observations, actions, strict=True):
            seen[i], reward, terminated, truncated, _ = environments[i].step(action.copy())  # it may write into it
            steps[i].append((observation, action, reward))
            check_finite("a reward", len(steps[i]), seeds[i], reward)
            if terminated or truncated or len(steps[i]) == data.spec.time_limit:
                del seen[i]
                environments[i].close()
    return [Episode(*map(np.array, zip(*episode, strict=True))) for episode in steps]
