"""What a model that acts achieves."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genzoo.core.capabilities import Acts
from genzoo.core.checks import check_positive
from genzoo.core.randomness import derive_seed, generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Evaluation


@register
class EpisodeReturn:
    """The return of episodes: the sum of the environment's own rewards, without a discount.

    The first one is measured with the policy's most likely actions, the second one with actions drawn from it.

    Args:
        episodes: of each kind.
        seed: of the episodes; those of validation and test differ.

    Raises:
        GenzooError: the number of episodes is not positive.

    Source: Ho & Ermon 2016, arXiv 1606.03476, appendix B: at least 50 episodes by the policy's most likely actions.
    """

    needs = frozenset({Acts})

    def __init__(self, episodes: int = 50, seed: int = 0):
        check_positive("metrics.episodes.episodes", episodes)
        self.episodes, self.seed = episodes, seed

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """``return`` and ``return_stochastic``, each with its standard deviation over episodes and the mean length."""
        seeds = [derive_seed(self.seed, "episodes", split, i) for i in range(self.episodes)]
        values = {}
        for suffix, likely in (("", True), ("_stochastic", False)):
            drawn = generator(self.seed, "actions", split, device=module.device)
            returns, lengths = play(
                [data.make() for _ in seeds],
                lambda seen, likely=likely, drawn=drawn: module.act(seen.to(module.device), likely, drawn),
                seeds,
                data.spec.time_limit,
            )
            values[f"return{suffix}"], values[f"return{suffix}_std"] = returns.mean(), returns.std()
            values[f"episode_length{suffix}"] = lengths.mean()
        return Evaluation(values, protocol={"episodes": self.episodes, "time_limit": data.spec.time_limit})


def play(
    environments: Sequence[Any], act: Callable[[Tensor], Tensor], seeds: Sequence[int], time_limit: int
) -> tuple[np.ndarray, np.ndarray]:
    """Plays one episode in each environment, all side by side, and closes them.

    Args:
        environments: of Gymnasium, which observe vectors.
        act: observations (B, D) -> actions, which are clipped to the environment's box.
        seeds: of the environments.
        time_limit: steps after which an episode is cut off.

    Returns:
        The returns and the lengths of the episodes.
    """
    returns, lengths = np.zeros(len(seeds)), np.zeros(len(seeds))
    box = environments[0].action_space if hasattr(environments[0].action_space, "low") else None
    seen = {i: environment.reset(seed=seeds[i])[0] for i, environment in enumerate(environments)}
    while seen:
        actions = act(torch.as_tensor(np.stack(list(seen.values())), dtype=torch.float32)).cpu().numpy()
        for i, action in zip(list(seen), actions, strict=True):
            if box is not None:
                action = np.clip(action, box.low, box.high)
            seen[i], reward, terminated, truncated, _ = environments[i].step(action)
            returns[i] += reward
            lengths[i] += 1
            if terminated or truncated or lengths[i] == time_limit:
                del seen[i]
                environments[i].close()
    return returns, lengths
