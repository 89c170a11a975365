"""On-policy learning on the platform's rounds."""

import copy
from functools import partial, partialmethod

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.reinforcement import policy_gradient
from genzoo.reinforcement.policies import mean_divergence
from genzoo.reinforcement.rollout import Rollout
from genzoo.runs.train import train
from support import acting, composed
from support.acting import SMALL, kept_rollouts, play

built = partial(acting.built, "model=trpo")


class After(pl.Callback):
    """Keeps what a function of the module gives after each step of a player's optimizer."""

    def __init__(self, of):
        self.of, self.kept = of, []

    def on_before_optimizer_step(self, trainer, module, optimizer):
        self.kept.append(self.of(module))


def rollout(rewards, lengths, terminated, last=None):
    n, rewards = len(rewards), np.array(rewards, float)
    observations = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    last = np.zeros((len(lengths), 4), np.float32) if last is None else last
    return Rollout(observations, np.arange(n) % 2, rewards, np.array(lengths), np.array(terminated), last)


@pytest.mark.parametrize("data", ["cartpole", "pendulum"])
def test_trpo_moves_the_policy_within_its_bound_and_raises_its_surrogate(data):
    environment, module = built(f"data={data}")
    problems, original = {}, module.set_problem
    module.set_problem = lambda player, problem: (problems.update({player: problem}), original(player, problem))
    before = copy.deepcopy(module.policy.network.normaliser.state_dict())
    play(environment, module)
    module.policy.network.normaliser.load_state_dict(before)  # the baseline's turn has been
    divergence, loss = problems["policy"].divergence().item(), problems["policy"].loss().item()
    assert 1e-3 < divergence <= 0.01
    assert loss < -1e-3  # it was 0: standardised advantages


def test_a_round_goes_in_the_order_of_the_recipe(monkeypatch):
    """Episodes, advantages, the policy's step, the baseline's targets, the normaliser, the baseline's step."""
    data, module = built()
    order = []

    def note(owner, name, what):
        method = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, **k: (order.append(what), method(*a, **k))[1])

    note(policy_gradient, "sample", "episodes")
    note(policy_gradient, "generalised_advantages", "advantages")
    note(module.baseline, "fit", "targets")
    note(module.policy.normaliser, "update", "normaliser")
    note(module, "after_step", "step")
    rollouts = kept_rollouts(module)
    play(data, module)
    assert order == ["episodes", "advantages", "step", "targets", "normaliser", "step"]
    assert module.policy.normaliser.count == len(rollouts[0].rewards)


def test_progress_counts_the_steps_of_whole_episodes():
    data, module = built()
    rollouts = kept_rollouts(module)
    play(data, module, rounds=3)
    assert module.progress.rounds == 3
    assert module.progress.seen == sum(len(rollout.rewards) for rollout in rollouts) >= 180
    assert all(rollout.lengths.sum() == len(rollout.rewards) for rollout in rollouts)


@pytest.mark.parametrize(("bootstrap", "tails"), [(True, [0.0, 7.0]), (False, [0.0, 0.0])])
def test_what_comes_after_an_episode_counts_where_it_was_cut_off(bootstrap, tails, monkeypatch):
    _, module = built(f"+model.bootstrap={bootstrap}", "model.discount=0.5", "model.gae_lambda=1")
    monkeypatch.setattr(module.baseline, "forward", lambda observations, times: 7.0 + 0 * times.float())
    monkeypatch.setattr(module, "set_problem", lambda *_: None)
    experience = module.experience_of(rollout([1.0, 1.0, 1.0], [2, 1], [True, False]))
    expected = np.array([1.5, 1.0, 1.0 + 0.5 * tails[1]]) - 7
    expected = (expected - expected.mean()) / expected.std()
    assert np.allclose(module.advantages(experience), expected, atol=1e-5)
    (drawn,) = module.baseline_draws(experience)
    returns = module.baseline.returns.inverse(drawn["y"][:, None])[:, 0]
    assert returns.tolist() == pytest.approx([1.5, 1.0, 1.0 + 0.5 * tails[1]], abs=1e-4)


def test_without_any_reward_nothing_moves():
    data, module = built("model=trpo", "data=sparse_mountain_car", "data.time_limit=30")
    before = copy.deepcopy(dict(module.policy.named_parameters()))
    rollouts = kept_rollouts(module)
    play(data, module)
    assert not rollouts[0].rewards.any()
    assert all(torch.equal(p, before[name]) for name, p in module.policy.named_parameters())


def test_a_compiled_policy_takes_the_same_step(monkeypatch):
    """Its Fisher information is a second derivative, which compiled networks do not have."""
    compiled = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", partialmethod(compiled, backend="aot_eager"))
    (data, plain), (_, other) = built("data=pendulum"), built("data=pendulum")
    before = copy.deepcopy(dict(plain.policy.named_parameters()))
    other.compile_networks()
    play(data, plain), play(data, other)
    assert any(not torch.equal(p, before[name]) for name, p in plain.policy.named_parameters())
    for name, p in plain.policy.named_parameters():
        torch.testing.assert_close(other.policy.get_parameter(name), p)


def test_entropy_is_rewarded_by_its_weight():
    _, module = built("+model.entropy_weight=0.3")
    module.set_problem = lambda *_: None
    (steps,) = module.policy_draws(module.experience_of(rollout([1.0, 2.0, 0.0], [2, 1], [True, True])))
    plain = -steps["advantages"].mean()  # the ratio is 1
    assert module.policy_loss(**steps).item() == pytest.approx(plain.item() - 0.3 * np.log(2), abs=1e-6)


def test_several_passes_go_over_the_batch_in_parts():
    data, module = built("model=ppo")
    sizes, rollouts = {module.policy_loss: [], module.baseline.loss: []}, kept_rollouts(module)

    def noted(loss):
        return lambda **arguments: (sizes[loss].append(len(next(iter(arguments.values())))), loss(**arguments))[1]

    module.policy_loss, module.baseline.loss = map(noted, list(sizes))
    play(data, module)
    for found in sizes.values():  # ten epochs of two parts, of the policy and of the value network
        assert len(found) == 20
        assert {sum(found[i : i + 2]) for i in range(0, 20, 2)} == {len(rollouts[0].rewards)}


@pytest.mark.parametrize(
    ("model", "overrides"),
    [
        ("trpo", ["recipe.full.value=[16]"]),
        ("ppo", ["recipe.full.value=[16]", "recipe.full.minibatches=4", "model.optimizers.policy.lr=0.005"]),
        ("reinforce", ["model.optimizers.policy.lr=0.02"]),
    ],
)
def test_it_learns_to_balance_a_pole(model, overrides):
    common = ("trainer=default", "trainer.accelerator=cpu", "recipe.batch_size=600", "recipe.full.policy=[16]")
    data, module = built(f"model={model}", *common, *overrides)
    rollouts = kept_rollouts(module)
    play(data, module, rounds=10)
    assert rollouts[0].returns.mean() < 40
    assert rollouts[-1].returns.mean() > 70


def test_it_acts_by_the_most_likely_action_or_by_drawn_ones():
    _, module = built("data=pendulum")
    observations = torch.randn(500, 3)
    likely = module.act(observations, deterministic=True)
    assert torch.equal(likely, module.policy(observations).mean)
    drawn = [module.act(observations, generator=torch.Generator().manual_seed(0)) for _ in range(2)]
    assert torch.equal(*drawn)
    assert (drawn[0] - likely).std().item() == pytest.approx(1.0, abs=0.1)
    assert not drawn[0].requires_grad
    assert module.training


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (DataSpec("mnist", (1, 28, 28)), "data=mnist has images, but the model needs an environment; choose one"),
        (
            EnvironmentSpec("hopper", 11, 3, "Gaussian", 1000),
            r"model.policy: .*\(4, 2, 'Categorical'\) do not fit data=hopper, which has \(11, 3, 'Gaussian'\)",
        ),
    ],
)
def test_data_that_do_not_fit_are_refused(spec, message):
    _, module = built()
    with pytest.raises(GenzooError, match=message):
        module.check_data(spec)


def test_a_trust_region_takes_no_minibatches():
    passes = "{_target_: genzoo.reinforcement.passes.Passes, epochs: 2}"
    for key, player in (("passes", "policy"), ("baseline.passes", "value")):
        _, module = built(f"+model.{key}={passes}")
        with pytest.raises(GenzooError, match=f"model.optimizers.{player}: a trust region takes one step"):
            module.configure_optimizers()


@pytest.mark.parametrize("key", ["discount", "gae_lambda"])
def test_settings_out_of_range_are_refused(key):
    with pytest.raises(GenzooError, match=f"model.{key}=1.5: a number from 0 to 1"):
        built(f"model.{key}=1.5")


def test_a_run_goes_on_in_its_own_environment_only(tmp_path):
    train(composed("model=trpo", *SMALL, "logger=none", "metrics=none", "trainer.rounds=1", f"paths.runs={tmp_path}"))
    (run,) = tmp_path.glob("*/*")
    (run / "metrics.json").unlink()  # it was killed before it was measured
    content = torch.load(run / "last.ckpt", weights_only=True)
    content["genzoo"]["config"]["data"]["time_limit"] = 100
    torch.save(content, run / "last.ckpt")
    with pytest.raises(
        GenzooError, match=r"data=cartpole: the environment's settings or its .* differ from those of the run"
    ):
        train(composed("model=trpo", f"paths.runs={tmp_path}", f"resume={run}"))


def test_the_logged_divergence_starts_from_the_policy_of_the_rollout():
    data, module = built()
    experiences, original = [], module.experience_of
    module.experience_of = lambda rollout: (experiences.append(original(rollout)), experiences[-1])[1]
    kept = After(lambda module: mean_divergence(experiences[-1].before, module.policy(experiences[-1].observations)))
    play(data, module, rounds=2, callbacks=[kept])
    assert kept.kept[0] == kept.kept[2] == 0  # before the policy's step
    assert kept.kept[1] > 0  # before the value network's
