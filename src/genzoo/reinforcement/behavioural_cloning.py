"""Behavioural cloning."""

from typing import Any

from torch import Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.reinforcement.model import PolicyModel, check_demonstrated, draw_demonstrated


@register
class BehaviouralCloning(PolicyModel):
    """A policy of the greatest likelihood of what an expert did; it never acts while it learns.

    A round is one step on a batch of the expert's steps, drawn with replacement.

    Args:
        kwargs: of ``PolicyModel``; the one player is ``policy``.

    Source: openai/imitation, policyopt/imitation.py (``BehavioralCloningOptimizer``).
    """

    def players(self) -> dict[str, list[nn.Module]]:
        """The policy."""
        return {"policy": [self.policy]}

    def turns(self) -> tuple[Turn, ...]:
        """One."""
        return (Turn({"policy": self.loss}, before=self.draw),)

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses an environment without demonstrations."""
        super().check_data(data)
        check_demonstrated(data)

    def initialise(self, demonstrations: Any) -> None:
        """The normaliser is that of the expert's steps, once and for all."""
        self.policy.normaliser.update(demonstrations.observations)

    def draw(self) -> None:
        """This rank's share of a batch."""
        data = self.trainer.datamodule
        share = -(-data.batch_size // self.trainer.world_size)
        self.observations, self.actions = draw_demonstrated(data.demonstrated("train"), share, self.device)

    def loss(self) -> Tensor:
        """-E[log π(a|s)]."""
        return -self.policy(self.observations).log_prob(self.actions).mean()

    def seen_in(self, batch: Any) -> int:
        """The expert's steps that all ranks saw."""
        return len(self.actions) * self.trainer.world_size
