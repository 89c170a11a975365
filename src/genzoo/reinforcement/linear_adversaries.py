"""Adversaries whose reward is linear in features of a step: apprenticeship learning."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.registry import register
from genzoo.reinforcement.adversaries import Adversary
from genzoo.reinforcement.normaliser import Normaliser


class LinearAdversary(Adversary):
    """Base of those whose reward is linear in features of a step, which standardised inputs x and (x/100)² make up.

    Of a finite set of actions each has features of its own. Rewards are divided by the number of features and shifted
    by the least (for a goal: the largest) one so far, so that their sign is the task's.

    Source: openai/imitation, policyopt/imitation.py (``LinearReward``).
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.normaliser = Normaliser(self.inputs)
        n = 2 * self.inputs * (self.actions if self.discrete else 1) + 1
        self.register_buffer("expert", torch.zeros(n))  # the mean of its features
        self.register_buffer("weights", self.first(n))
        self.register_buffer("bound", torch.zeros(()))

    def features(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Of steps (B, K)."""
        x = self.normaliser(self.joined(observations, actions))
        x = torch.cat([x, (0.01 * x) ** 2], dim=1)
        if self.discrete:
            x = (F.one_hot(actions, self.actions)[:, :, None] * x[:, None]).flatten(1)
        return torch.cat([x, torch.ones_like(x[:, :1])], dim=1)

    def start(self, observations: Tensor, actions: Tensor) -> None:
        """The normaliser and the expected features are the expert's, once and for all."""
        self.normaliser.update(self.joined(observations, actions))
        self.expert.copy_(self.features(observations, actions).mean(0))

    def meet(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> None:
        """Chooses the reward that tells both apart best."""
        self.weights.copy_(self.best(self.expert - self.features(*policy).mean(0)))

    def first(self, n: int) -> Tensor:
        """The weights (n,) of the first round, in which no policy has been met: a random direction."""
        return F.normalize(torch.randn(n), dim=0)

    def best(self, difference: Tensor) -> Tensor:
        """The weights (K,) that give the expert the most over the policy, whose mean features differ by (K,)."""
        raise NotImplementedError

    @torch.no_grad()
    def reward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """The weighted features, shifted."""
        found = self.features(observations, actions) @ self.weights / len(self.weights)
        survival = self.task == "survival"
        self.bound.copy_(torch.minimum(self.bound, found.min()) if survival else torch.maximum(self.bound, found.max()))
        return found - self.bound


@register
class FeatureExpectationMatching(LinearAdversary):
    """Weights of Euclidean norm 1.

    Source: Abbeel & Ng 2004; Ho et al. 2016, arXiv 1605.08478 (FEM).
    """

    def best(self, difference: Tensor) -> Tensor:
        """The direction of the difference."""
        return difference / (difference.norm() + 1e-8)


@register
class GameTheoretic(LinearAdversary):
    """Weights in the simplex of the features and their opposites: all on one.

    Source: Syed & Schapire 2007; Ho et al. 2016, arXiv 1605.08478 (GTAL).
    """

    def first(self, n: int) -> Tensor:
        """All on a random feature or its opposite."""
        chosen = int(torch.randint(2 * n, ()))
        return F.one_hot(torch.tensor(chosen % n), n) * (1.0 if chosen < n else -1.0)

    def best(self, difference: Tensor) -> Tensor:
        """The feature that differs most."""
        most = difference.abs().argmax()
        return F.one_hot(most, len(difference)) * difference[most].sign()
