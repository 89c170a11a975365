"""Curiosity on top of policy gradients."""

import copy
from collections import deque
from functools import partial

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from genzoo.core.errors import GenzooError
from genzoo.reinforcement import policy_gradient, vime
from genzoo.reinforcement.rollout import Rollout
from support import acting
from support.acting import play

built = partial(acting.built, "model=vime", "data.time_limit=30")


class AfterRounds(pl.Callback):
    """Keeps what a function of the module gives after each round."""

    def __init__(self, of):
        self.of, self.kept = of, []

    def on_train_batch_end(self, trainer, module, *_):
        self.kept.append(self.of(module))


def kept_bonuses(module):
    """The bonus of each step, of each round that the module will play."""
    found, rewards = [], module.rewards

    def kept(experience):
        given = rewards(experience)
        found.append(given - experience.rollout.rewards)
        return given

    module.rewards = kept
    return found


def rollout(lengths, actions=1, discrete=False):
    n, random = sum(lengths), np.random.default_rng(0)
    observations = random.normal(size=(n, 2)).astype(np.float32)
    done = np.arange(n) % 2 if discrete else random.normal(size=(n, actions)).astype(np.float32)
    last = random.normal(size=(len(lengths), 2)).astype(np.float32)
    return Rollout(observations, done, random.normal(size=n), np.array(lengths), np.ones(len(lengths), bool), last)


def test_episodes_are_never_joined():
    """The original pairs an episode's last observation with the first one of the next."""
    _, module = built()
    episodes = rollout([2, 3])
    found = module.transitions(episodes)
    o, last = episodes.observations, episodes.last
    assert np.array_equal(found.following, [o[1], last[0], o[3], o[4], last[1]])
    assert np.array_equal(found.observations, o)
    assert np.array_equal(found.actions, episodes.actions)


def test_numbers_of_actions_become_vectors():
    _, module = built("data=cartpole")
    found = module.transitions(rollout([3], discrete=True))
    assert found.actions.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert module.dynamics.layers[0].mean.shape[0] == 4 + 2 + 1


def test_the_bonus_is_relative_to_the_last_medians():
    _, module = built("model.eta=0.5", "+model.memory=3")
    remembered, random = deque(maxlen=3), np.random.default_rng(0)
    for scale in (1.0, 100.0, 3.0, 7.0, 0.1):
        gains = scale * random.random(6)
        remembered.append(np.median(gains))
        assert np.allclose(module.bonus_of(gains), 0.5 * gains / np.mean(remembered))


def test_gains_of_nothing_add_nothing():
    _, module = built()
    assert not module.bonus_of(np.zeros(4)).any()


def test_gains_are_cut_off(monkeypatch):
    _, module = built("+model.largest=7.5")
    module.pool.add(module.transitions(rollout([5])))
    monkeypatch.setattr(vime, "information_gain", lambda *_: torch.tensor([-1.0, 2.0, 9.0]))
    assert module.gains(rollout([3])).tolist() == [0, 2, 7.5]


def test_the_first_iteration_has_no_bonus_and_the_following_ones_do():
    data, module = built("data=pendulum")
    bonuses, measured = kept_bonuses(module), AfterRounds(lambda module: int(module.measured))
    play(data, module, rounds=3, callbacks=[measured])
    assert not bonuses[0].any()
    assert len(bonuses[0]) == 60
    assert all((kept > 0).all() for kept in bonuses[1:])
    assert [np.median(kept) for kept in bonuses[1:2]] == pytest.approx([1e-4], rel=1e-5)
    assert measured.kept == [0, 1, 2]


def test_nothing_is_learned_until_the_pool_has_its_minimum():
    data, module = built("recipe.smoke.minimum=61", "recipe.smoke.capacity=500")
    before = copy.deepcopy(module.dynamics.state_dict())
    learned = AfterRounds(
        lambda module: any(not torch.equal(p, before[name]) for name, p in module.dynamics.state_dict().items())
    )
    bonuses, size = kept_bonuses(module), AfterRounds(lambda module: len(module.pool))
    play(data, module, rounds=3, callbacks=[learned, size])
    assert size.kept == [60, 120, 180]
    assert learned.kept == [False, True, True]
    assert [bonus.any() for bonus in bonuses] == [False, False, True]


def test_gains_are_measured_before_the_episodes_are_remembered(monkeypatch):
    """By the network and the statistics of the round before."""
    data, module = built()
    order = []

    def note(owner, name, what):
        method = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, **k: (order.append((what, len(module.pool))), method(*a, **k))[1])

    note(vime, "information_gain", "gain")
    note(policy_gradient, "generalised_advantages", "advantages")
    note(module.pool, "add", "pool")
    note(module, "dynamics_loss", "update")
    play(data, module, rounds=2)
    round = [("advantages", 0), ("pool", 0), *[("update", 60)] * 3]
    assert order[:5] == round
    assert order[5:] == [("gain", 60), ("advantages", 60), ("pool", 60), *[("update", 64)] * 3]


def test_only_the_advantages_contain_the_bonus(monkeypatch):
    _, module = built("model.discount=0.5", "model.gae_lambda=1")
    module.configure_optimizers()
    episodes, bonus = rollout([2, 1]), np.array([5.0, 0.0, 3.0])
    module.pool.add(module.transitions(rollout([20])))
    monkeypatch.setattr(module, "gains", lambda _: bonus)
    monkeypatch.setattr(module, "bonus_of", lambda gains: gains)
    told = []
    monkeypatch.setattr(module.baseline, "fit", lambda observations, times, returns: told.append(returns))
    experience = module.experience_of(episodes)
    advantages = module.advantages(experience)
    assert list(module.baseline_draws(experience)) == []
    a, b, c = episodes.rewards
    expected = np.array([a + 5 + 0.5 * b, b, c + 3])  # the baseline is 0
    expected = (expected - expected.mean()) / expected.std()
    assert np.allclose(advantages, expected, atol=1e-5)
    assert np.allclose(told[0], [a + 0.5 * b, b, c], atol=1e-5)
    assert module.meters.means()["return"].item() == pytest.approx((a + b + c) / 2, abs=1e-5)


def test_the_dynamics_minimise_their_bound():
    _, module = built()
    x, y = torch.randn(4, 3), torch.randn(4, 2)
    torch.manual_seed(0)
    found = module.dynamics_loss(x, y)
    torch.manual_seed(0)
    fit = torch.distributions.Normal(module.dynamics(x), 5.0).log_prob(y).sum() / 10
    torch.testing.assert_close(found, module.dynamics.divergence() / 5 - fit)


@pytest.mark.parametrize(("model", "plain"), [("vime", "trpo_rllab"), ("vime_reinforce", "reinforce")])
def test_without_a_bonus_it_is_the_policy_gradient_that_it_is_on_top_of(model, plain):
    """What a paired comparison of the two rests on: the same weights at first, the same episodes."""
    with_bonus, without = (
        play(*built("data=pendulum", *overrides), rounds=2).policy.state_dict()
        for overrides in ([f"model={model}", "model.eta=0"], [f"model={plain}"])
    )
    for key, value in without.items():
        assert torch.equal(with_bonus[key], value), key


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.eta=-1", "model.eta=-1: a finite number of at least 0 is needed"),
        ("model.eta=nan", "model.eta=nan: a finite number"),
        ("+model.step=0", "model.step=0: a positive number is needed"),
        ("+model.largest=-3", "model.largest=-3: a positive number is needed"),
        ("model.updates=0", "model.updates=0: a positive integer is needed"),
        ("+model.batch_size=0.5", "model.batch_size=0.5: an integer"),
        ("+model.batches=0", "model.batches=0: a positive integer"),
        ("+model.memory=0", "model.memory=0: a positive integer"),
        ("model.pool.minimum=70", r"model.pool.minimum=70: the pool keeps only model.pool.capacity=64"),
        ("+model.dynamics.samples=0", "model.dynamics.samples=0: a positive integer"),
    ],
)
def test_settings_out_of_range_are_refused_in_a_line(override, message):
    with pytest.raises(GenzooError, match=message) as error:
        built(override)
    assert "\n" not in str(error.value)


def test_an_environment_that_observes_nothing_ends_in_a_line(monkeypatch):
    data, module = built()
    make = data.make

    def broken():
        environment = make()
        step = environment.unwrapped.step
        environment.unwrapped.step = lambda action: (np.full(2, np.nan, np.float32), *step(action)[1:])
        return environment

    monkeypatch.setattr(data, "make", broken)
    with pytest.raises(GenzooError, match="the environment returned an observation that is not finite"):
        play(data, module)
