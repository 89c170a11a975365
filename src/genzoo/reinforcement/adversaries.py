"""What tells an expert's steps from a policy's, and pays the policy for steps like the expert's.

An adversary pays as its task wants it. Where failure ends an episode (``"survival"``) rewards are never negative: each
step is worth living for. Where success ends it (``"goal"``) they are never positive: each step is one too many. With
the other sign, a policy would learn to fail, or never to finish.
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
    """Base of the adversaries.

    Args:
        observations, actions, law: of the environment; see ``EnvironmentSpec``.
        task: ``"survival"`` or ``"goal"``.

    Raises:
        GenzooError: the task is not known, or there is no such task.
    """

    trained = False  #: by an optimizer, as the player ``discriminator``

    def __init__(self, observations: int, actions: int, law: str, task: str | None):
        super().__init__()
        if task is None:
            raise GenzooError(
                "data.task=null: what ends an episode decides the sign of the adversary's rewards; give "
                "data.task=survival (failure ends it) or data.task=goal (success does)."
            )
        if task not in TASKS:
            raise GenzooError(f"model.adversary.task={task}: unknown. {near(task, TASKS)}")
        self.observations, self.actions, self.discrete, self.task = observations, actions, law == "Categorical", task

    @property
    def inputs(self) -> int:
        """Numbers that are standardised: observations and, if they are points, actions."""
        return self.observations + (0 if self.discrete else self.actions)

    def joined(self, observations: Tensor, actions: Tensor) -> Tensor:
        """What is standardised (B, inputs)."""
        return observations if self.discrete else torch.cat([observations, actions], dim=1)

    def start(self, observations: Tensor, actions: Tensor) -> None:
        """Takes in the expert's steps before all else."""
        raise NotImplementedError

    def meet(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> None:
        """Takes in a round's steps, (observations, actions) of each side."""
        raise NotImplementedError

    def reward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """What steps are paid (B,)."""
        raise NotImplementedError


@register
class Discriminator(Adversary):
    """A network that gives the logit of D, the probability that a step is the expert's.

    Its reward is -log(1 - D) for survival and log D for a goal. Of a finite set of actions it gives each a logit, from
    the observation; a point is an input beside it.

    Args:
        hidden, activation: of the network; see ``MLP``.
        entropy_weight: of the Bernoulli entropy of D, in nats, which is subtracted from its loss.
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
        """Of steps (B,)."""
        scores = at_least_float32(self.network(self.joined(observations, actions)))
        return scores.gather(1, actions[:, None])[:, 0] if self.discrete else scores[:, 0]

    def reward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """-log(1 - D) or log D."""
        logits = self.logits(observations, actions)
        return F.softplus(logits) if self.task == "survival" else F.logsigmoid(logits)

    def start(self, observations: Tensor, actions: Tensor) -> None:
        """The normaliser starts from the expert's steps."""
        self.network.normaliser.update(self.joined(observations, actions))

    def meet(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> None:
        """The normaliser takes in both sides."""
        self.network.normaliser.update(torch.cat([self.joined(*policy), self.joined(*expert)]))

    def loss(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> Tensor:
        """Cross entropy, as the mean over each side's steps: the expert's are 1; minus the weighted entropy.

        Args:
            policy, expert: observations and actions of each side.
        """
        of_policy, of_expert = self.logits(*policy), self.logits(*expert)
        entropy = bernoulli_entropy(of_policy).mean() + bernoulli_entropy(of_expert).mean()
        return F.softplus(of_policy).mean() + F.softplus(-of_expert).mean() - self.entropy_weight * entropy

    @torch.no_grad()
    def accuracy(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> Tensor:
        """The fraction of steps that it classifies right, each side counting half; a logit of 0 means the policy."""
        of_policy, of_expert = self.logits(*policy), self.logits(*expert)
        return ((of_policy <= 0).float().mean() + (of_expert > 0).float().mean()) / 2


def bernoulli_entropy(logits: Tensor) -> Tensor:
    """In nats.

    >>> round(bernoulli_entropy(torch.zeros(())).item(), 4)  # log 2
    0.6931
    """
    return F.softplus(logits) - logits * logits.sigmoid()


@register
class ConstantReward(Adversary):
    """Pays every step alike: 1 for survival, -1 for a goal; the expert is never looked at.

    A control: what a policy achieves by it is owed to the sign of rewards, not to imitation.

    Source: Kostrikov et al. 2019, arXiv 1809.02925, section 4.1, on the bias of rewards of one sign.
    """

    def start(self, observations: Tensor, actions: Tensor) -> None:
        """Nothing."""

    def meet(self, policy: tuple[Tensor, Tensor], expert: tuple[Tensor, Tensor]) -> None:
        """Nothing."""

    def reward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """1 or -1."""
        return observations.new_full((len(observations),), 1.0 if self.task == "survival" else -1.0)
