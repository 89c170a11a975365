"""On-policy learning: what TRPO, REINFORCE and PPO share, and all that learns to act by them."""

from functools import partial
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.randomness import derive_seed, seed_all
from genzoo.core.ranks import gather_objects
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.reinforcement.advantages import discounted_sums, generalised_advantages, with_tails
from genzoo.reinforcement.baselines import Baseline
from genzoo.reinforcement.model import PolicyModel
from genzoo.reinforcement.objectives import Objective
from genzoo.reinforcement.passes import Passes, share_of
from genzoo.reinforcement.policies import Policy, divergence_from_itself, mean_divergence
from genzoo.reinforcement.rollout import Rollout, concatenated, sample
from genzoo.reinforcement.trust_region import Problem, TrustRegion


@register
class PolicyGradient(PolicyModel):
    """A policy that plays whole episodes and moves towards the actions that did better than expected.

    One round is one iteration: episodes by the policy as it stands; their advantages; a turn of the policy, whose
    objective and optimizer say which algorithm this is; a turn of the baseline. Last, the policy's normaliser takes in
    what was observed.

    With several ranks each plays its share of the steps, and then all hold all episodes and compute the same.

    Args:
        policy: of the environment's actions.
        objective: what the policy minimises; see ``objectives``.
        baseline: V(s, t).
        discount, decay: γ and λ of the advantages.
        passes: of the policy's turn over the batch.
        entropy_weight: of the policy's mean entropy, in nats, in its loss.
        bootstrap: an episode that was cut off is worth the baseline's value of its last observation more; else nothing
            comes after it, as after one that ended.
        kwargs: of ``RoundModule``; the players are ``policy`` and, if the baseline is trained, ``value``.

    Raises:
        GenzooError: a setting is out of range, a trust region meets minibatches.

    Source: Schulman et al. 2015, arXiv 1502.05477, algorithm 1, and 2016, arXiv 1506.02438, section 6.1; order of the
    iteration: openai/imitation, policyopt/rl.py (``SamplingPolicyOptimizer``).
    """

    def __init__(
        self,
        policy: Policy,
        objective: Objective,
        baseline: Baseline,
        discount: float = 0.99,
        decay: float = 0.95,
        passes: Passes | None = None,
        entropy_weight: float = 0.0,
        bootstrap: bool = True,
        **kwargs: Any,
    ):
        super().__init__(policy, **kwargs)
        for key, value in (("discount", discount), ("decay", decay)):
            if not 0 <= value <= 1:
                raise GenzooError(f"model.{key}={value}: a number from 0 to 1 is needed.")
        self.objective, self.baseline = objective, baseline
        self.discount, self.decay, self.bootstrap = discount, decay, bootstrap
        self.passes, self.entropy_weight = passes or Passes(), entropy_weight
        self._environment: gymnasium.Env | None = None

    def players(self) -> dict[str, list[nn.Module]]:
        """The policy and, if it is trained, the baseline."""
        return {"policy": [self.policy]} | ({"value": [self.baseline]} if self.baseline.trained else {})

    def turns(self) -> tuple[Turn, ...]:
        """Episodes and the policy's move; the baseline's."""
        return (self.policy_turn(), self.baseline_turn())

    def policy_turn(self) -> Turn:
        """Begins with new episodes."""
        return Turn({"policy": self.policy_loss}, repeats=len(self.passes), before=self.play)

    def baseline_turn(self) -> Turn:
        """For the next round."""
        if not self.baseline.trained:
            return Turn({}, before=self.aim_baseline)
        return Turn({"value": self.baseline.loss}, repeats=len(self.baseline.passes), before=self.aim_baseline)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Tells trust regions what they bound."""
        problems = {"policy": Problem(partial(self.objective_on, slice(None)), self.divergence, self.curvature)}
        parts = {"policy": self.passes}
        if self.baseline.trained:
            of = self.baseline
            problems["value"], parts["value"] = Problem(of.whole_loss, of.divergence, of.curvature), of.passes
        optimizers = super().configure_optimizers()
        for player, optimizer in zip(self.players(), optimizers, strict=True):
            if isinstance(optimizer, TrustRegion):
                if len(parts[player]) != 1:
                    raise GenzooError(
                        f"model.optimizers.{player}: a trust region takes one step on the whole batch; give no passes."
                    )
                optimizer.problem = problems[player]
        return optimizers

    # A round.

    def play(self) -> None:
        """Plays this rank's share of the episodes and hands all ranks' on."""
        data, rounds = self.trainer.datamodule, self.progress.rounds
        if self._environment is None:
            self._environment = data.make()
        share = -(-data.batch_size // self.trainer.world_size)
        seed = derive_seed(self.seed, "episodes", rounds, self.global_rank)
        mine = sample(self._environment, self.policy.actor(), share, data.spec.time_limit, seed)
        # From here on all ranks hold the same, and draw the same random numbers.
        seed_all(derive_seed(self.seed, "iteration", rounds), self.device)
        self.take_in(concatenated(gather_objects(mine)))

    @torch.no_grad()
    def take_in(self, rollout: Rollout) -> None:
        """Makes what the losses of the round share: actions and their advantages."""
        self.rollout = rollout
        self.observations = torch.as_tensor(rollout.observations, device=self.device)
        self.actions = torch.as_tensor(rollout.actions, device=self.device)
        self.times = torch.as_tensor(rollout.times, device=self.device)
        self.before = self.policy(self.observations)
        self.log_prob_before = self.before.log_prob(self.actions)
        self.values, self.tails = self.valued()
        advantages = generalised_advantages(
            *(self.rewards(), self.values, self.tails, rollout.lengths), discount=self.discount, decay=self.decay
        )
        self.advantages = self._tensor((advantages - advantages.mean()) / (advantages.std() + 1e-8))
        self._parts = self.passes.over(len(advantages), self.device)
        self.record(**{"return": rollout.returns.mean(), "episode_length": rollout.lengths.mean()})
        self.record(entropy=self.before.entropy().mean())

    def rewards(self) -> np.ndarray:
        """What the policy is to collect, at each step of the round's episodes (N,)."""
        return self.rollout.rewards

    def policy_loss(self) -> Tensor:
        """The objective on the next part of the batch."""
        return self.objective_on(self._parts.pop(0))

    def objective_on(self, chosen: Tensor | slice) -> Tensor:
        """The objective, and the weighted entropy, of some steps of the batch."""
        now = self.policy(self.observations[chosen])
        log_prob = now.log_prob(self.actions[chosen])
        loss = self.objective(log_prob, self.log_prob_before[chosen], self.advantages[chosen])
        return loss - self.entropy_weight * now.entropy().mean() if self.entropy_weight else loss

    def divergence(self) -> Tensor:
        """The mean KL divergence of the policy that played from the policy as it stands, in nats."""
        return mean_divergence(self.before, self.policy(self.observations))

    def curvature(self, fraction: float) -> Tensor:
        """See ``trust_region.Problem``."""
        chosen = share_of(len(self.observations), fraction, self.device)
        return divergence_from_itself(self.policy, self.observations[chosen])

    @torch.no_grad()
    def aim_baseline(self) -> None:
        """The baseline is to tell the returns of these episodes; the policy's normaliser takes in what was observed."""
        self.record(divergence=self.divergence())
        lengths = self.rollout.lengths
        returns = discounted_sums(
            with_tails(self.baseline_rewards(), self.tails, self.discount, lengths), self.discount, lengths
        )
        self.record(explained_variance=1 - np.var(returns - self.values) / max(np.var(returns), 1e-8))
        self.baseline.aim(self.observations, self.times, self._tensor(returns))
        self.policy.normaliser.update(self.observations)

    def baseline_rewards(self) -> np.ndarray:
        """The rewards whose returns the baseline is to tell (N,)."""
        return self.rewards()

    def valued(self) -> tuple[np.ndarray, np.ndarray]:
        """V(s_t) of every step of the round's episodes (N,), and the value of what came after each episode (E,)."""
        rollout = self.rollout
        values = self._array(self.baseline(self.observations, self.times))
        if not self.bootstrap:
            return values, np.zeros(len(rollout.lengths))
        last, times = (torch.as_tensor(array, device=self.device) for array in (rollout.last, rollout.lengths))
        return values, self._array(self.baseline(last, times)) * ~rollout.terminated

    def seen_in(self, batch: Any) -> int:
        """The steps of all ranks in a round."""
        return len(self.rollout.rewards)

    def on_fit_end(self) -> None:
        """Leaves no environment behind."""
        if self._environment is not None:
            self._environment.close()
            self._environment = None

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=self.device)

    def _array(self, values: Tensor) -> np.ndarray:
        return values.double().cpu().numpy()
