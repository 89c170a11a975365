"""Trajectories of a trained policy, as demonstrations for imitation learning."""

import numpy as np

from genzoo.core.capabilities import Acts
from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.demonstrations import pack
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.playing import play

FILE = "demonstrations.npz"


@register
class RecordDemonstrations:
    """Records whole trajectories in ``demonstrations.npz``, a file that ``data.demonstrations`` accepts.

    Args:
        trajectories: number of trajectories.
        deterministic: True = the most likely actions; False = actions drawn from the policy.
        seed: seed of the episodes.

    Raises:
        GenzooError: the number of trajectories is not positive.

    Source: openai/imitation, pipelines/im_pipeline.yaml: the expert draws its actions.
    """

    needs = frozenset({Acts})

    def __init__(self, trajectories: int = 50, deterministic: bool = False, seed: int = 0):
        check_positive("metrics.demonstrations.trajectories", trajectories)
        self.trajectories, self.deterministic, self.seed = trajectories, deterministic, seed

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """Returns ``demonstrated_return``, its standard deviation over episodes, and the file."""
        episodes = play(module, data, self.trajectories, "demonstrations", self.seed, self.deterministic)
        returns = np.array([episode.rewards.sum() for episode in episodes])
        content = pack(*zip(*episodes, strict=True), environment=data.id)
        values = {"demonstrated_return": returns.mean(), "demonstrated_return_std": returns.std()}
        return Evaluation(values, files={FILE: content})
