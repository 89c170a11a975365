"""Adversaries: they distinguish the expert's steps from the policy's and return rewards.

The task decides the sign of the rewards. If failure ends an episode (``"survival"``), rewards are never negative, so
that a longer episode has a higher return. If success ends it (``"goal"``), they are never positive, so that a shorter
episode has a higher return. With the opposite sign, a policy would learn to fail early or never to finish.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.batches import TASKS
from genzoo.core.errors import GenzooError, near
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.reinforcement.networks import MLP


class Adversary(nn.Module):
    """Base class of the adversaries.

    Args:
        observations, actions, law: of the environment; see ``EnvironmentSpec``.
        task: ``"survival"`` or ``"goal"``.

    Raises:
        GenzooError: the task is None or unknown.
    """

    trained = False  #: whether an optimizer trains it, as the player ``discriminator``

    def __init__(self, observations: int, actions: int, law: str, task: str | None):
        super().__init__()
        if task is None:
            raise GenzooError(
                "data.task=null: the task decides the sign of the adversary's rewards; give data.task=survival "
                "(failure ends an episode) or data.task=goal (success ends it)."
            )
        if task not in TASKS:
            raise GenzooError(f"model.adversary.task={task}: unknown. {near(task, TASKS)}")
        self.observations, self.actions, self.discrete, self.task = observations, actions, law == "Categorical", task

    @property
    def inputs(self) -> int:
        """Dimension of the network's input: the observation and, if continuous, the action."""
        return self.observations + (0 if self.discrete else self.actions)

    def joined(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Input vectors (B, inputs): observations, concatenated with the actions if these are continuous."""
        return observations if self.discrete else torch.cat([observations, actions], dim=1)

    def initialise(self, observations: Tensor, actions: Tensor) -> None:
        """Initialises the adversary with the expert's steps, before the first round."""
        raise NotImplementedError

    def update(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> None:
        """Updates the adversary with the steps of a round: (observations, actions) of the policy and of the expert."""
        raise NotImplementedError

    def reward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Rewards (B,) of steps."""
        raise NotImplementedError


@register
class Discriminator(Adversary):
    """A network whose output is the logit of D, the probability that a step is the expert's.

    The reward is -log(1 - D) for ``"survival"`` and log D for ``"goal"``. With discrete actions, the network maps the
    observation to one logit per action; a continuous action is an input beside the observation.

    Args:
        hidden, activation: of the network; see ``MLP``.
        entropy_weight: weight of the Bernoulli entropy of D, in nats, which is subtracted from the loss.
        args, kwargs: of ``Adversary``.

    Source: Ho & Ermon 2016, arXiv 1606.03476, equation 17; openai/imitation, policyopt/imitation.py
    (``TransitionClassifier``), where D is the expert's probability (the paper's D is the policy's).
    """

    trained = True

    def __init__(
        self, *args: Any, hidden: tuple[int, ...], activation: str = "tanh", entropy_weight: float = 1e-3, **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.entropy_weight = entropy_weight
        self.network = MLP(self.inputs, self.actions if self.discrete else 1, hidden, activation)

    def logits(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Logits (B,) of steps."""
        logits = at_least_float32(self.network(self.joined(observations, actions)))
        return logits.gather(1, actions[:, None])[:, 0] if self.discrete else logits[:, 0]

    def reward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Rewards (B,) of steps: -log(1 - D) or log D."""
        logits = self.logits(observations, actions)
        return F.softplus(logits) if self.task == "survival" else F.logsigmoid(logits)

    def initialise(self, observations: Tensor, actions: Tensor) -> None:
        """Initialises the running statistics of the network's inputs with the expert's steps."""
        self.network.normaliser.update(self.joined(observations, actions))

    def update(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> None:
        """Updates the running statistics with the policy's and the expert's steps."""
        self.network.normaliser.update(torch.cat([self.joined(*policy), self.joined(*expert)]))

    def loss(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> Tensor:
        """Binary cross entropy (target 1 for the expert), minus the weighted entropy; policy and expert count equally.

        Args:
            policy, expert: (observations, actions) of each.
        """
        of_policy, of_expert = self.logits(*policy), self.logits(*expert)
        entropy = bernoulli_entropy(of_policy).mean() + bernoulli_entropy(of_expert).mean()
        return F.softplus(of_policy).mean() + F.softplus(-of_expert).mean() - self.entropy_weight * entropy

    @torch.no_grad()
    def accuracy(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> Tensor:
        """Classification accuracy, with equal weights for policy and expert; a logit of 0 counts as the policy's."""
        of_policy, of_expert = self.logits(*policy), self.logits(*expert)
        return ((of_policy <= 0).float().mean() + (of_expert > 0).float().mean()) / 2


def bernoulli_entropy(logits: Tensor) -> Tensor:
    """Entropies of Bernoulli distributions, in nats, of the shape of their logits.

    >>> round(bernoulli_entropy(torch.zeros(())).item(), 4)  # log 2
    0.6931
    """
    return F.softplus(logits) - logits * logits.sigmoid()


@register
class ConstantReward(Adversary):
    """The same reward for every step, independent of the expert: 1 for ``"survival"``, -1 for ``"goal"``.

    A control experiment: the return that a policy reaches with it is due to the sign of rewards, not to imitation.

    Source: Kostrikov et al. 2019, arXiv 1809.02925, section 4.1, on the bias of rewards of one sign.
    """

    def initialise(self, observations: Tensor, actions: Tensor) -> None:
        """Does nothing."""

    def update(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> None:
        """Does nothing."""

    def reward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Rewards (B,), all 1 or all -1."""
        return observations.new_full((len(observations),), 1.0 if self.task == "survival" else -1.0)
