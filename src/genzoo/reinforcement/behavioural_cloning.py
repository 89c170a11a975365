"""Behavioural cloning."""

from typing import Any

from torch import Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.reinforcement.model import PolicyModel, check_demonstrated, draw_demonstrated


@register
class BehaviouralCloning(PolicyModel):
    """A policy trained by maximum likelihood on an expert's actions, without rollouts.

    A round is one step on a batch of the expert's steps, drawn with replacement.

    Args:
        kwargs: of ``PolicyModel``; the one player is ``policy``.

    Source: openai/imitation, policyopt/imitation.py (``BehavioralCloningOptimizer``).
    """

    def players(self) -> dict[str, list[nn.Module]]:
        """The policy."""
        return {"policy": [self.policy]}

    def turns(self) -> tuple[Turn, ...]:
        """The policy's turn."""
        return (Turn({"policy": self.loss}),)

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Raises a GenzooError, too, for an environment without demonstrations."""
        super().check_data(data)
        check_demonstrated(data)

    def initialise(self, demonstrations: Any) -> None:
        """Sets the normaliser to the statistics of the expert's steps, which training does not change."""
        self.policy.normaliser.update(demonstrations.observations)

    def collect(self) -> dict[str, Tensor]:
        """This rank's share of a batch."""
        data = self.trainer.datamodule
        share = -(-data.batch_size // self.trainer.world_size)
        observations, actions = draw_demonstrated(data.demonstrated("train"), share, self.device)
        return {"observations": observations, "actions": actions}

    def loss(self, observations: Tensor, actions: Tensor) -> Tensor:
        """-E[log π(a|s)] of an expert's observations (B, D) and actions (B,) or (B, A)."""
        return -self.policy(observations).log_prob(actions).mean()

    def seen_in(self, batch: Any, observations: Tensor, actions: Tensor) -> int:
        """Number of the expert's steps in the batches of all ranks."""
        return len(actions) * self.trainer.world_size
