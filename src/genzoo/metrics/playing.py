"""Episodes of a policy."""

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
    """One episode from reset to end.

    Args:
        observations: observation before each step, float32 (T, D).
        actions: the policy's actions, before any clipping by the environment, (T,) or (T, A).
        rewards: the environment's rewards, float64 (T,).
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
    """Plays episodes in parallel, each in a separate environment.

    Args:
        module: model with the capability Acts.
        data: data with an environment.
        episodes: number of episodes.
        split: part of the seed, so that splits have different episodes.
        seed: seed of the environments and of drawn actions.
        deterministic: True = the most likely actions; False = actions drawn from the policy.
        make: builds an environment; None = ``data.make``.

    Raises:
        GenzooError: an observation or a reward is not finite.
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
            seen[i], reward, terminated, truncated, _ = environments[i].step(action.copy())  # it may overwrite the copy
            steps[i].append((observation, action, reward))
            check_finite("a reward", len(steps[i]), seeds[i], reward)
            if terminated or truncated or len(steps[i]) == data.spec.time_limit:
                del seen[i]
                environments[i].close()
    return [Episode(*map(np.array, zip(*episode, strict=True))) for episode in steps]
