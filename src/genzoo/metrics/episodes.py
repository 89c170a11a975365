"""Returns of episodes."""

import numpy as np

from genzoo.core.capabilities import Acts
from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.playing import play


@register
class EpisodeReturn:
    """The mean return of episodes: the sum of the environment's own rewards, without a discount.

    ``return`` is measured with the policy's most likely actions, ``return_stochastic`` with actions drawn from it.

    Args:
        episodes: number of episodes of each kind.
        seed: seed of the episodes; the splits validation and test have different seeds.

    Raises:
        GenzooError: the number of episodes is not positive.

    Source: Ho & Ermon 2016, arXiv 1606.03476, appendix B: at least 50 episodes by the policy's most likely actions.
    """

    needs = frozenset({Acts})

    def __init__(self, episodes: int = 50, seed: int = 0):
        check_positive("metrics.episodes.episodes", episodes)
        self.episodes, self.seed = episodes, seed

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """Returns ``return`` and ``return_stochastic``, each with standard deviation and mean episode length."""
        values = {}
        for suffix, likely in (("", True), ("_stochastic", False)):
            episodes = play(module, data, self.episodes, split, self.seed, likely)
            returns = np.array([episode.rewards.sum() for episode in episodes])
            values[f"return{suffix}"], values[f"return{suffix}_std"] = returns.mean(), returns.std()
            values[f"episode_length{suffix}"] = np.mean([len(episode.rewards) for episode in episodes])
        return Evaluation(values, protocol={"episodes": self.episodes, "time_limit": data.spec.time_limit})
