"""The same batch gives Stable-Baselines3 and us the same advantages and the same step."""

import gymnasium
import numpy as np
import pytest
import torch
from torch import nn

from genzoo.reinforcement.advantages import generalised_advantages, with_tails
from genzoo.reinforcement.policies import mean_divergence
from genzoo.reinforcement.rollout import Rollout, sample
from genzoo.runs.build import build_module
from support import resolved

buffers = pytest.importorskip("stable_baselines3.common.buffers", reason="stable-baselines3 is not installed")
logger = pytest.importorskip("stable_baselines3.common.logger")
contrib = pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed")


def filled(buffer, rollout, values, rewards, log_prob):
    """A buffer of theirs that holds the episodes."""
    starts = np.zeros(len(values), bool)
    starts[rollout.starts] = True
    buffer.reset()
    steps = zip(rollout.observations, rollout.actions, rewards, starts, values, log_prob, strict=True)
    for observation, action, reward, start, value, log in steps:
        buffer.add(observation, np.array(action), reward, np.array([start]), torch.tensor([value]), torch.tensor([log]))
    return buffer


@pytest.mark.parametrize("gae_lambda", [0.0, 0.9, 1.0])
def test_advantages_are_theirs(gae_lambda):
    """Where an episode is cut off, they add what comes after it to the last reward."""
    random, lengths = np.random.default_rng(0), np.array([5, 1, 7])
    n, tails = lengths.sum(), np.array([0.0, 0.8, -1.3])
    rewards, values = random.normal(size=n), random.normal(size=n)
    space = gymnasium.spaces.Box(-1, 1, (2,))
    buffer = buffers.RolloutBuffer(n, space, gymnasium.spaces.Discrete(2), "cpu", gae_lambda, 0.97, n_envs=1)
    rollout = sample_of(lengths)
    filled(buffer, rollout, values, with_tails(rewards, tails, 0.97, lengths), np.zeros(n))
    buffer.compute_returns_and_advantage(torch.zeros(1), np.array([True]))
    found = generalised_advantages(rewards, values, tails, lengths, discount=0.97, gae_lambda=gae_lambda)
    assert np.allclose(found, buffer.advantages[:, 0], atol=1e-5)


def sample_of(lengths):
    """Episodes of these lengths."""
    n = lengths.sum()
    observations, actions = np.zeros((n, 2), np.float32), np.zeros(n, np.int64)
    return Rollout(
        observations, actions, np.zeros(n), lengths, np.ones(len(lengths), bool), observations[: len(lengths)]
    )


@pytest.mark.parametrize("data", ["cartpole", "pendulum"])
def test_the_step_of_trpo_is_theirs(data):
    step = "model.optimizers.policy"
    ours = build_module(
        resolved(
            *(
                "model=trpo",
                f"data={data}",
                "recipe.full.policy=[16]",
                "recipe.full.value=[8]",
                "+model.policy.activation=tanh",
            ),
            *(f"{step}.fraction=1.0", f"{step}.accept=0.0", f"+{step}.shrink=0.8", f"+{step}.cg_steps=15"),
        )
    )
    torch.manual_seed(0)
    for parameter in ours.policy.parameters():
        nn.init.normal_(parameter, std=0.3)
    environment = gymnasium.make({"cartpole": "CartPole-v1", "pendulum": "Pendulum-v1"}[data]).unwrapped
    rollout = sample(environment, ours.policy.actor(), 400, 100, seed=0)
    n = len(rollout.rewards)

    theirs = contrib.TRPO(
        "MlpPolicy",
        environment,
        n_steps=n,
        cg_damping=0.1,
        n_critic_updates=0,
        policy_kwargs={"net_arch": {"pi": [16], "vf": [8]}, "activation_fn": nn.Tanh},
        device="cpu",
    )
    theirs.set_logger(logger.Logger(None, []))
    layers = [theirs.policy.mlp_extractor.policy_net[0], theirs.policy.action_net]
    moved = [p for layer in layers for p in (layer.weight, layer.bias)]
    mine = [p for layer in ours.policy.network.layers for p in (layer.weight, layer.bias)]
    if data == "pendulum":
        moved, mine = [*moved, theirs.policy.log_std], [*mine, ours.policy.log_std]
    with torch.no_grad():
        for a, b in zip(moved, mine, strict=True):
            a.copy_(b)

    (optimizer, _) = ours.configure_optimizers()
    experience = ours.experience_of(rollout)
    advantages = ours.advantages(experience)
    steps = {
        "observations": experience.observations,
        "actions": experience.actions,
        "log_prob_before": experience.log_prob,
        "advantages": advantages,
    }
    optimizer.problem = ours.policy_problem(experience.before, **steps)
    filled(theirs.rollout_buffer, rollout, np.zeros(n), rollout.rewards, experience.log_prob.numpy())
    theirs.rollout_buffer.advantages[:] = advantages.numpy()[:, None]
    theirs.rollout_buffer.returns[:] = 0

    before = torch.cat([p.detach().flatten() for p in mine])
    ours.policy_loss(**steps).backward()
    optimizer.step()
    theirs.train()
    step, their_step = (torch.cat([p.detach().flatten() for p in side]) - before for side in (mine, moved))
    assert their_step.abs().max() > 1e-3
    assert torch.cosine_similarity(step, their_step, dim=0) > 0.9999
    assert step.norm().item() == pytest.approx(their_step.norm().item(), rel=1e-2)
    logged = theirs.logger.name_to_value
    backwards = mean_divergence(ours.policy(experience.observations), experience.before)  # as they take it
    assert backwards.item() == pytest.approx(logged["train/kl_divergence_loss"], rel=1e-2)
    assert -ours.policy_loss(**steps).item() == pytest.approx(logged["train/policy_objective"], rel=1e-2)
