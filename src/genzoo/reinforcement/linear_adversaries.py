"""Adversaries whose reward is linear in features of a step: apprenticeship learning."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.registry import register
from genzoo.reinforcement.adversaries import Adversary
from genzoo.reinforcement.normaliser import Normaliser


class LinearAdversary(Adversary):
    """Base class of the adversaries whose reward is linear in features of a step: 1, standardised inputs x, (x/100)².

    With discrete actions, each action has its own features of the observation. Rewards are divided by the number of
    features and shifted by the smallest reward so far (for ``"goal"``: the largest), so that their sign is the task's.

    Source: openai/imitation, policyopt/imitation.py (``LinearReward``).
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.normaliser = Normaliser(self.inputs)
        n = 2 * self.inputs * (self.actions if self.discrete else 1) + 1
        self.register_buffer("expert", torch.zeros(n))  # the mean of the expert's features
        self.register_buffer("weights", self.initial_weights(n))
        self.register_buffer("bound", torch.zeros(()))

    def features(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Features (B, K) of steps."""
        x = self.normaliser(self.joined(observations, actions))
        x = torch.cat([x, (0.01 * x) ** 2], dim=1)
        if self.discrete:
            x = (F.one_hot(actions, self.actions)[:, :, None] * x[:, None]).flatten(1)
        return torch.cat([x, torch.ones_like(x[:, :1])], dim=1)

    def initialise(self, observations: Tensor, actions: Tensor) -> None:
        """Stores the expert's statistics and mean features, which later rounds do not change."""
        self.normaliser.update(self.joined(observations, actions))
        self.expert.copy_(self.features(observations, actions).mean(0))

    def update(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> None:
        """Sets the weights that maximise the difference between the expert's and the policy's mean reward."""
        self.weights.copy_(self.best_weights(self.expert - self.features(*policy).mean(0)))

    def initial_weights(self, n: int) -> Tensor:
        """The weights (n,) of the first round, before any rollout: a random direction."""
        return F.normalize(torch.randn(n), dim=0)

    def best_weights(self, difference: Tensor) -> Tensor:
        """The weights (K,) of the largest inner product with the difference (K,) in mean features, expert - policy."""
        raise NotImplementedError

    @torch.no_grad()
    def reward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Rewards (B,): the weighted features, shifted; updates the bound that they are shifted by."""
        reward = self.features(observations, actions) @ self.weights / len(self.weights)
        survival = self.task == "survival"
        self.bound.copy_(
            torch.minimum(self.bound, reward.min()) if survival else torch.maximum(self.bound, reward.max())
        )
        return reward - self.bound


@register
class FeatureExpectationMatching(LinearAdversary):
    """Feature expectation matching: weights of Euclidean norm 1.

    Source: Abbeel & Ng 2004; Ho et al. 2016, arXiv 1605.08478 (FEM).
    """

    def best_weights(self, difference: Tensor) -> Tensor:
        """The direction of the difference (K,)."""
        return difference / (difference.norm() + 1e-8)


@register
class GameTheoretic(LinearAdversary):
    """Game-theoretic apprenticeship learning: weights in the simplex of the features and their negatives, one nonzero.

    Source: Syed & Schapire 2007; Ho et al. 2016, arXiv 1605.08478 (GTAL).
    """

    def initial_weights(self, n: int) -> Tensor:
        """Weight 1 or -1 on a random feature."""
        chosen = int(torch.randint(2 * n, ()))
        return F.one_hot(torch.tensor(chosen % n), n) * (1.0 if chosen < n else -1.0)

    def best_weights(self, difference: Tensor) -> Tensor:
        """Weight 1 or -1, the sign of the difference (K,), on the feature that differs most."""
        most = difference.abs().argmax()
        return F.one_hot(most, len(difference)) * difference[most].sign()
