"""Generative adversarial imitation learning on the platform's rounds."""

from functools import partial

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from genzoo.core.batches import EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.data.demonstrations import pack
from genzoo.reinforcement import policy_gradient
from genzoo.runs.resume import check_overrides
from genzoo.runs.train import train
from support import acting, composed, same
from support.acting import SMALL, kept_rollouts, play
from support.zoo import where

built = partial(acting.built, "model=gail")


def written(path, n=30, environment="Pendulum-v1"):
    """Demonstrations in which an expert does nothing."""
    seen = np.random.default_rng(0).normal(size=(n, 3))
    path.write_bytes(pack([seen], [np.zeros((n, 1))], [np.zeros(n)], environment=environment))
    return path


def test_a_round_goes_in_the_order_of_the_original(monkeypatch):
    """The policy is trained on the rewards of the adversary before its update, the baseline on those after it."""
    data, module = built()
    order = []

    def note(owner, name, what):
        method = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, **k: (order.append(what or a[0]), method(*a, **k))[1])

    note(policy_gradient, "sample", "episodes")
    note(module.adversary, "reward", "rewards")
    note(module.adversary, "update", "update")
    note(module.baseline, "fit", "targets")
    note(module, "after_step", None)
    play(data, module)
    assert order[:7] == ["episodes", "rewards", "policy", "update", "discriminator", "rewards", "targets"]
    assert set(order[7:]) == {"value"}


def test_the_adversary_is_updated_with_the_rounds_steps_and_as_many_of_the_experts():
    data, module = built("data.trajectories=1")
    calls, original, rollouts = [], module.adversary.update, kept_rollouts(module)
    module.adversary.update = lambda *sides: (calls.append(sides), original(*sides))
    play(data, module)
    (((of_policy, _), (observations, actions)),) = calls
    shown = data.demonstrated("train")
    pairs = {(*o.tolist(), a.item()) for o, a in zip(shown.observations, shown.actions, strict=True)}
    assert len(pairs) == 20 < len(actions) == len(rollouts[0].rewards)
    assert {(*o.tolist(), a.item()) for o, a in zip(observations, actions, strict=True)} == pairs
    assert np.array_equal(of_policy, rollouts[0].observations)


def test_all_normalisers_start_from_the_expert():
    data, module = built("data.trajectories=2")
    shown = data.demonstrated("train").observations
    for network in (module.policy.network, module.adversary.network, module.baseline.network):
        assert network.normaliser.count == len(shown) == 40
        assert torch.allclose(network.normaliser.mean.float(), shown.mean(0), atol=1e-6)


def test_only_the_adversary_pays():
    """Doubled rewards of the environment change nothing but what is logged."""

    class Doubled(pl.Callback):
        def on_train_start(self, trainer, module):
            environment = trainer.datamodule.make()
            step = environment.step
            environment.step = lambda action: (found := step(action), (found[0], 2 * found[1], *found[2:]))[1]
            module._environment = environment

    (data, one), (_, other) = built(), built()
    rollouts, doubled = kept_rollouts(one), kept_rollouts(other)
    play(data, one, 2), play(data, other, 2, [Doubled()])
    assert np.array_equal(doubled[-1].rewards, 2 * rollouts[-1].rewards)
    assert same(one.state_dict(), other.state_dict())


def test_causal_entropy_is_rewarded_by_its_weight_and_unknown_to_the_baseline(monkeypatch):
    data, module = built("model.causal_entropy=0.5")
    rollouts = kept_rollouts(module)
    play(data, module)
    monkeypatch.setattr(module.adversary, "reward", lambda observations, actions: torch.full((len(actions),), 3.0))
    experience = module.experience_of(rollouts[0])
    log_prob = module.action_log_prob(experience.observations, experience.actions).numpy()
    assert np.allclose(module.rewards(experience), 3 - 0.5 * log_prob)
    assert np.allclose(module.baseline_rewards(experience), 3)


@pytest.mark.parametrize(
    ("overrides", "sign"),
    [(["data=cartpole"], 1), (["data=acrobot", "data.time_limit=50"], -1), (["model.adversary.task=goal"], -1)],
)
@pytest.mark.parametrize("model", where(lambda built: hasattr(built.module, "adversary"), family="reinforcement"))
def test_the_sign_of_rewards_is_the_environments_or_as_configured(model, overrides, sign):
    data, module = built(f"model={model}", *overrides)
    rollouts = kept_rollouts(module)
    play(data, module)
    rewards = sign * module.rewards(module.experience_of(rollouts[0]))
    assert rewards.min() >= 0 < rewards.max()


def test_the_discriminator_may_take_several_steps_a_round():
    data, module = built("+model.adversary_steps=3")
    steps = []

    class Count(pl.Callback):
        def on_before_optimizer_step(self, trainer, module, optimizer):
            steps.append(trainer.optimizers.index(optimizer))

    play(data, module, callbacks=[Count()])
    assert steps[:4] == [0, 1, 1, 1]
    with pytest.raises(GenzooError, match=r"model.adversary_steps=0: a positive"):
        built("+model.adversary_steps=0")


def test_it_learns_to_balance_a_pole_from_twenty_steps():
    wide = ("trainer=default", "trainer.accelerator=cpu", "recipe.batch_size=1000", "recipe.full.policy=[16]")
    data, module = built(*wide, "recipe.full.value=[16]", "recipe.full.discriminator=[16]")
    rollouts = kept_rollouts(module)
    play(data, module, 15)
    returns = [rollout.returns.mean() for rollout in rollouts]
    assert data.spec.demonstrations == 20
    assert returns[0] < 40
    assert max(returns) > 100


def test_a_run_goes_on_with_its_own_demonstrations_and_in_its_own_environment_only(tmp_path):
    shown = written(tmp_path / "shown.npz")
    common = ["model=gail", "data=pendulum", *SMALL, "logger=none", "metrics=none", "trainer.rounds=1"]
    train(composed(*common, f"data.demonstrations={shown}", f"paths.runs={tmp_path}/runs"))
    stored = {"choices": {"model": "gail", "data": "pendulum"}, "config": {}}
    with pytest.raises(GenzooError, match=r"resume: data=cartpole would change .*the run has data=pendulum"):
        check_overrides(["data=cartpole"], composed(), {"model": "gail", "data": "cartpole"}, stored)
    written(shown, n=31)
    next(tmp_path.glob("runs/**/metrics.json")).unlink()  # it was killed before it was measured
    with pytest.raises(GenzooError, match=r"data=pendulum: the environment's settings or its demonstrations differ"):
        train(composed(f"paths.runs={tmp_path}/runs", "resume=last"))


def test_demonstrations_of_another_environment_are_refused(tmp_path):
    shown = written(tmp_path / "shown.npz", environment="Reacher-v5")
    with pytest.raises(GenzooError, match=r"shown.npz is of Reacher-v5, not of Pendulum-v1"):
        built("data=pendulum", f"data.demonstrations={shown}")


def test_without_demonstrations_it_is_refused():
    _, module = built()
    with pytest.raises(GenzooError, match=r"data=pole has no demonstrations, but the model imitates them"):
        module.check_data(EnvironmentSpec("pole", 4, 2, "Categorical", 200))
