"""On-policy learning: the round that TRPO, REINFORCE, PPO and the models built on them share."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Distribution

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


class Experience(NamedTuple):
    """A rollout with the tensors and values that the losses need: N steps of E whole episodes.

    Args:
        rollout: the episodes.
        observations, actions, times: of each step, on the device; see ``Rollout``.
        before: π(·|s) of each step, under the policy that collected the rollout.
        log_prob: log π(a|s) of each step, under the same policy (N,).
        values: V(s_t) before the round's update (N,).
        tails: the bootstrapped value after the last step of each episode (E,).
    """

    rollout: Rollout
    observations: Tensor
    actions: Tensor
    times: Tensor
    before: Distribution
    log_prob: Tensor
    values: np.ndarray
    tails: np.ndarray


@register
class PolicyGradient(PolicyModel):
    """A policy trained by policy gradients on rollouts of whole episodes.

    One round is one iteration: rollouts of the current policy; their advantages; the policy's turn, whose objective
    and optimizer define the algorithm; the baseline's turn. After both, the running statistics of the policy's
    observations are updated.

    With several ranks, each collects its share of the steps; then every rank holds all episodes and computes the same.

    Args:
        policy: distribution of the environment's actions.
        objective: the policy's loss; see ``objectives``.
        baseline: V(s, t).
        discount: γ.
        gae_lambda: λ of generalised advantage estimation (GAE).
        passes: epochs and minibatches of the policy's turn.
        entropy_weight: weight of the policy's mean entropy, in nats, in its loss.
        bootstrap: whether the return of a truncated episode includes the baseline's value of its last observation;
            otherwise that value is 0, as after a terminated episode.
        kwargs: of ``RoundModule``; the players are ``policy`` and, if the baseline is trained, ``value``.

    Raises:
        GenzooError: a setting is out of range, or a trust region is combined with minibatches.

    Source: Schulman et al. 2015, arXiv 1502.05477, algorithm 1, and 2016, arXiv 1506.02438, section 6.1; order of the
    iteration: openai/imitation, policyopt/rl.py (``SamplingPolicyOptimizer``).
    """

    def __init__(
        self,
        policy: Policy,
        objective: Objective,
        baseline: Baseline,
        discount: float = 0.99,
        gae_lambda: float = 0.95,
        passes: Passes | None = None,
        entropy_weight: float = 0.0,
        bootstrap: bool = True,
        **kwargs: Any,
    ):
        super().__init__(policy, **kwargs)
        for key, value in (("discount", discount), ("gae_lambda", gae_lambda)):
            if not 0 <= value <= 1:
                raise GenzooError(f"model.{key}={value}: a number from 0 to 1 is needed.")
        self.objective, self.baseline = objective, baseline
        self.discount, self.gae_lambda, self.bootstrap = discount, gae_lambda, bootstrap
        self.passes, self.entropy_weight = passes or Passes(), entropy_weight
        self._environment: gymnasium.Env | None = None

    def players(self) -> dict[str, list[nn.Module]]:
        """The policy and, if it is trained, the baseline."""
        return {"policy": [self.policy]} | ({"value": [self.baseline]} if self.baseline.trained else {})

    def turns(self) -> tuple[Turn, ...]:
        """The policy's turn, then the baseline's."""
        return (self.policy_turn(), self.baseline_turn())

    def policy_turn(self) -> Turn:
        """The policy's update on the round's rollouts."""
        return Turn({"policy": self.policy_loss}, draws=self.policy_draws)

    def baseline_turn(self) -> Turn:
        """The baseline's update on the returns of the round's rollouts."""
        losses = {"value": self.baseline.loss} if self.baseline.trained else {}
        return Turn(losses, draws=self.baseline_draws)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """The players' optimizers; raises a GenzooError for a trust region with several passes or minibatches."""
        optimizers = super().configure_optimizers()
        passes = {"policy": self.passes} | ({"value": self.baseline.passes} if self.baseline.trained else {})
        for player, optimizer in zip(self.players(), optimizers, strict=True):
            if isinstance(optimizer, TrustRegion) and len(passes[player]) != 1:
                raise GenzooError(
                    f"model.optimizers.{player}: a trust region takes one step on the whole batch; remove its passes."
                )
        return optimizers

    # A round: rollouts, the policy's turn, the baseline's turn.

    def collect(self) -> dict[str, Any]:
        """The round's rollouts of all ranks."""
        return {"experience": self.experience_of(self.play())}

    def play(self) -> Rollout:
        """Collects this rank's share of the episodes and returns those of all ranks."""
        data, rounds = self.trainer.datamodule, self.progress.rounds
        if self._environment is None:
            self._environment = data.make()
        share = -(-data.batch_size // self.trainer.world_size)
        seed = derive_seed(self.seed, "episodes", rounds, self.global_rank)
        mine = sample(self._environment, self.policy.actor(), share, data.spec.time_limit, seed)
        # From here on all ranks hold the same episodes and draw the same random numbers.
        seed_all(derive_seed(self.seed, "iteration", rounds), self.device)
        return concatenated(gather_objects(mine))

    @torch.no_grad()
    def experience_of(self, rollout: Rollout) -> Experience:
        """Moves a rollout to the device and adds the current policy's distributions and the baseline's values."""
        observations, actions, times, last, lengths = (
            torch.as_tensor(array, device=self.device)
            for array in (rollout.observations, rollout.actions, rollout.times, rollout.last, rollout.lengths)
        )
        before = self.policy(observations)
        values = self._array(self.baseline(observations, times))
        tails = np.zeros(len(rollout.lengths))
        if self.bootstrap:
            tails = self._array(self.baseline(last, lengths)) * ~rollout.terminated
        self.log_scalars(**{"return": rollout.returns.mean(), "episode_length": rollout.lengths.mean()})
        self.log_scalars(entropy=before.entropy().mean())
        return Experience(rollout, observations, actions, times, before, before.log_prob(actions), values, tails)

    def rewards(self, experience: Experience) -> np.ndarray:
        """The rewards of the policy's advantages, of each step (N,)."""
        return experience.rollout.rewards

    def baseline_rewards(self, experience: Experience) -> np.ndarray:
        """The rewards of the returns that the baseline is fitted to, of each step (N,)."""
        return self.rewards(experience)

    def advantages(self, experience: Experience) -> Tensor:
        """Standardised advantages of each step (N,)."""
        advantages = generalised_advantages(
            *(self.rewards(experience), experience.values, experience.tails, experience.rollout.lengths),
            discount=self.discount,
            gae_lambda=self.gae_lambda,
        )
        return self._tensor((advantages - advantages.mean()) / (advantages.std() + 1e-8))

    @torch.no_grad()
    def policy_draws(self, experience: Experience) -> Iterator[dict[str, Tensor]]:
        """Yields the arguments of ``policy_loss`` for each minibatch of ``passes``."""
        whole = {
            "observations": experience.observations,
            "actions": experience.actions,
            "log_prob_before": experience.log_prob,
            "advantages": self.advantages(experience),
        }
        self.set_problem("policy", self.policy_problem(experience.before, **whole))
        for part in self.passes.over(len(experience.observations), self.device):
            yield {name: values[part] for name, values in whole.items()}

    def policy_loss(self, observations: Tensor, actions: Tensor, log_prob_before: Tensor, advantages: Tensor) -> Tensor:
        """The objective minus the weighted entropy, a scalar.

        Args:
            observations, actions: (B, D) and (B,) or (B, A).
            log_prob_before: log π(a|s) of the policy that collected the rollout (B,).
            advantages: (B,).
        """
        now = self.policy(observations)
        loss = self.objective(now.log_prob(actions), log_prob_before, advantages)
        return loss - self.entropy_weight * now.entropy().mean() if self.entropy_weight else loss

    def policy_problem(self, before: Distribution, observations: Tensor, **others: Tensor) -> Problem:
        """The trust region problem: the loss on the whole batch, the KL divergence from the policy of the rollout."""

        def curvature(fraction: float) -> Tensor:
            chosen = share_of(len(observations), fraction, self.device)
            return divergence_from_itself(self.policy, observations[chosen])

        return Problem(
            loss=lambda: self.policy_loss(observations, **others),
            divergence=lambda: mean_divergence(before, self.policy(observations)),
            curvature=curvature,
        )

    def set_problem(self, player: str, problem: Problem) -> None:
        """Sets the problem of the next step on a player's optimizer, if that is a trust region."""
        optimizer = dict(zip(self.players(), self.trainer.optimizers, strict=True))[player]
        if isinstance(optimizer, TrustRegion):
            optimizer.problem = problem

    @torch.no_grad()
    def baseline_draws(self, experience: Experience) -> Iterator[dict[str, Tensor]]:
        """Fits the baseline and updates all running statistics; for a trained baseline, then yields the arguments of
        its loss for each minibatch of its passes.
        """
        observations, lengths = experience.observations, experience.rollout.lengths
        # The divergence that is logged must precede the update of the policy's running statistics.
        self.log_scalars(divergence=mean_divergence(experience.before, self.policy(observations)))
        rewards = with_tails(self.baseline_rewards(experience), experience.tails, self.discount, lengths)
        returns = discounted_sums(rewards, self.discount, lengths)
        self.log_scalars(explained_variance=1 - np.var(returns - experience.values) / max(np.var(returns), 1e-8))
        targets = self.baseline.fit(observations, experience.times, self._tensor(returns))
        self.policy.normaliser.update(observations)
        if targets is not None:
            self.set_problem("value", self.baseline.problem(targets))
            for part in self.baseline.passes.over(len(returns), self.device):
                yield {"x": targets.x[part], "y": targets.y[part]}

    def seen_in(self, batch: Any, experience: Experience) -> int:
        """Number of steps of all ranks in a round."""
        return len(experience.rollout.rewards)

    def on_fit_end(self) -> None:
        """Closes the environment."""
        if self._environment is not None:
            self._environment.close()
            self._environment = None

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=self.device)

    def _array(self, values: Tensor) -> np.ndarray:
        return values.double().cpu().numpy()
