"""Generative adversarial imitation learning."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.reinforcement.adversaries import Adversary
from genzoo.reinforcement.model import check_demonstrated, draw_demonstrated
from genzoo.reinforcement.policy_gradient import Experience, PolicyGradient


@register
class GAIL(PolicyGradient):
    """A policy trained on an adversary's rewards; the environment's own rewards are only measured.

    A round: rollouts; their rewards by the current adversary; the policy's step; the adversary's steps on these
    rollouts and as many steps of the expert, drawn with replacement; the baseline is fitted to the returns under the
    new rewards.

    Args:
        adversary: computes the rewards; with linear rewards this is apprenticeship learning.
        adversary_steps: number of steps of a trained adversary per round.
        causal_entropy: λ, weight of -log π(a|s), in nats, in the policy's rewards.
        kwargs: of ``PolicyGradient``; a trained adversary is the player ``discriminator``.

    Source: Ho & Ermon 2016, arXiv 1606.03476, algorithm 1; openai/imitation, policyopt/imitation.py
    (``ImitationOptimizer``), which has the same order of updates.
    """

    def __init__(self, adversary: Adversary, adversary_steps: int = 1, causal_entropy: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        check_positive("model.adversary_steps", adversary_steps)
        self.adversary, self.adversary_steps, self.causal_entropy = adversary, adversary_steps, causal_entropy

    def players(self) -> dict[str, list[nn.Module]]:
        """The policy, then a trained adversary, then the value network."""
        policy, *value = super().players().items()
        discriminator = [("discriminator", [self.adversary])] if self.adversary.trained else []
        return dict([policy, *discriminator, *value])

    def turns(self) -> tuple[Turn, ...]:
        """The adversary's turn is between the policy's and the baseline's."""
        losses = {"discriminator": self.adversary.loss} if self.adversary.trained else {}
        return (self.policy_turn(), Turn(losses, draws=self.adversary_draws), self.baseline_turn())

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Raises a GenzooError, too, for an environment without demonstrations."""
        super().check_data(data)
        check_demonstrated(data)

    @torch.no_grad()
    def initialise(self, demonstrations: Any) -> None:
        """Initialises all normalisers with the statistics of the expert's steps."""
        observations, actions, times = demonstrations[:3]
        self.policy.normaliser.update(observations)
        self.baseline.initialise(observations, times)
        self.adversary.initialise(observations, actions)

    def rewards(self, experience: Experience) -> np.ndarray:
        """The adversary's rewards plus the causal entropy's, -λ log π(a|s)."""
        rewards = self.baseline_rewards(experience)
        self.log_scalars(imitation_reward=rewards.mean())
        return rewards - self.causal_entropy * self._array(experience.log_prob)

    @torch.no_grad()
    def baseline_rewards(self, experience: Experience) -> np.ndarray:
        """The current adversary's rewards."""
        return self._array(self.adversary.reward(experience.observations, experience.actions))

    @torch.no_grad()
    def adversary_draws(self, experience: Experience) -> Iterator[dict[str, tuple[Tensor, Tensor]]]:
        """Yields the rollouts' steps and as many of the expert's, once per step of the adversary."""
        policy = experience.observations, experience.actions
        expert = draw_demonstrated(self.trainer.datamodule.demonstrated("train"), len(policy[1]), self.device)
        self.adversary.update(policy, expert)
        if self.adversary.trained:
            self.log_scalars(discriminator_accuracy=self.adversary.accuracy(policy, expert))
        for _ in range(self.adversary_steps):
            yield {"policy": policy, "expert": expert}
