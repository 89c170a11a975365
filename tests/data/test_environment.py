"""An environment as data."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete

from genzoo.core.batches import EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.data.environment import EnvironmentData, Iterations

POLE = {"name": "cartpole", "id": "CartPole-v1", "observations": 4, "actions": 2, "policy": "Categorical"}
POLE |= {"time_limit": 200}
PENDULUM = POLE | {"name": "pendulum", "id": "Pendulum-v1", "observations": 3, "actions": 1, "policy": "Gaussian"}
RAW = PENDULUM | {"clip_actions": False}


class Odd(gymnasium.Env):
    """Has the spaces that it is given, and takes no other actions."""

    def __init__(self, observed=None, acted=None):
        self.observation_space = observed or Box(-1, 1, (2,))
        self.action_space = acted or Box(-1, 1, (3,))

    def reset(self, *, seed=None, options=None):
        return np.zeros(2, np.float32), {}

    def step(self, action):
        assert self.action_space.contains(action), "no such action\nat all"
        return np.zeros(2, np.float32), float(action[0]), False, False, {}


@pytest.fixture
def odd():
    gymnasium.register("tests/Odd-v0", entry_point=Odd)
    yield {"name": "odd", "id": "tests/Odd-v0", "observations": 2, "actions": 3, "policy": "Gaussian", "time_limit": 5}
    del gymnasium.registry["tests/Odd-v0"]


@pytest.mark.parametrize("facts", [POLE, RAW], ids=["a finite set", "a box"])
def test_its_facts_are_those_of_the_environment(facts):
    data = EnvironmentData(**facts)
    assert data.spec == EnvironmentSpec(**{key: facts[key] for key in facts.keys() & set(EnvironmentSpec._fields)})
    environment = data.make()
    assert environment.observation_space.shape == (facts["observations"],)
    assert environment is environment.unwrapped  # no wrapper that each step goes through


def test_points_reach_the_environment_as_they_are_or_clipped(odd):
    drawn = np.array([-3.0, 0.5, 2.0], np.float32)
    with pytest.raises(AssertionError):
        EnvironmentData(**odd, clip_actions=False).make().step(drawn)
    assert EnvironmentData(**odd, clip_actions=True).make().step(drawn)[1] == -1
    assert EnvironmentData(**odd).make().step(drawn)[1] == -1  # older configurations do not say


def test_an_environment_that_takes_no_action_outside_of_its_box_is_refused_unless_they_are_clipped(odd):
    message = (
        "^data.clip_actions=false: a step of tests/Odd-v0 by an action outside of its box ended in AssertionError: "
        "no such action; data.clip_actions=true clips actions.$"
    )
    with pytest.raises(GenzooError, match=message):
        _ = EnvironmentData(**odd, clip_actions=False).spec
    unbounded = {"acted": Box(-np.inf, np.inf, (3,))}
    assert EnvironmentData(**odd, clip_actions=False, options=unbounded).spec.actions == 3
    assert EnvironmentData(**odd, clip_actions=True).spec.actions == 3


@pytest.mark.parametrize(("clip", "charged"), [(False, 0.1 * (9 + 5 * 0.25)), (True, 0.1 * (1 + 5 * 0.25))])
def test_a_half_cheetah_charges_for_actions_as_they_reach_it(clip, charged):
    pytest.importorskip("mujoco")
    facts = {"name": "cheetah", "id": "HalfCheetah-v5", "observations": 17, "actions": 6, "policy": "Gaussian"}
    cheetah = EnvironmentData(**facts, clip_actions=clip).make()
    cheetah.reset(seed=0)
    _, reward, _, _, more = cheetah.step(np.array([3, 0.5, 0.5, 0.5, 0.5, 0.5], np.float32))
    assert reward == pytest.approx(more["reward_forward"] - charged, abs=1e-5)


@pytest.mark.parametrize(("given", "limit", "said"), [(None, 500, False), (500, 500, False), (200, 200, True)])
def test_episodes_end_after_the_environments_own_limit_unless_another_is_given(given, limit, said):
    data = EnvironmentData(**POLE | {"time_limit": given})
    assert data.spec.time_limit == limit
    assert f"at most {limit} steps" in data.describe()
    assert ("steps where CartPole-v1 itself has 500" in data.describe()) is said


def test_a_limit_is_needed_where_the_environment_has_none(odd):
    assert "itself" not in EnvironmentData(**odd).describe()
    with pytest.raises(GenzooError, match=r"data.time_limit=null: tests/Odd-v0 has no registered limit; give"):
        EnvironmentData(**odd | {"time_limit": None})


def test_options_reach_the_environment():
    assert EnvironmentData(**PENDULUM, options={"g": 3.0}).make().unwrapped.g == 3.0


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"id": "CartPol-v1"}, r"data.id=CartPol-v1: unknown. Did you mean 'CartPole-v\d'"),
        ({"id": "antigravity:CartPole-v1"}, r"data.id=antigravity:CartPole-v1: unknown"),
        ({"time_limit": 0}, "data.time_limit=0: a positive integer"),
        ({"batch_size": 0}, "data.batch_size=0: a positive integer"),
        ({"observations": 5}, "data.observations=5: CartPole-v1 has observations=4"),
        ({"actions": 3}, "data.actions=3: CartPole-v1 has actions=2"),
        ({"policy": "Gaussian"}, "data.policy=Gaussian: CartPole-v1 has policy=Categorical"),
        ({"options": {"weather": 1}}, r"data.options={'weather': 1}: .*weather.*; correct them"),
    ],
)
def test_bad_settings_are_one_line(facts, message):
    with pytest.raises(GenzooError, match=message) as caught:
        _ = EnvironmentData(**POLE | facts).spec
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spaces", "message"),
    [
        ({"observed": Dict(a=Box(-1, 1, (2,)))}, "observations are Dict.*only vectors"),
        ({"observed": Box(0, 1, (2, 2))}, "observations are Box.*only vectors"),
        ({"acted": MultiDiscrete([2, 2])}, "actions are MultiDiscrete.*only a finite set or a box"),
        (
            {"acted": Discrete(3, start=1)},
            r"actions are Discrete\(3, start=1\); only a set numbered from 0 is supported",
        ),
        ({"acted": Box(-1, 1, (3, 1))}, "actions are Box.*; only a box of real vectors is supported"),
        ({"acted": Box(-1, 1, (3,), np.int64)}, "actions are Box.*; only a box of real vectors is supported"),
    ],
)
def test_spaces_that_are_no_vectors_are_refused(odd, spaces, message):
    assert EnvironmentData(**odd).spec.actions == 3
    with pytest.raises(GenzooError, match=f"data.id=tests/Odd-v0: its {message}"):
        _ = EnvironmentData(**odd, options=spaces).spec


@pytest.mark.parametrize(
    ("message", "hint"),
    [("MuJoCo is not installed, run `pip`", r'pip install "genzoo\[mujoco\]"'), ("Box2D, by `pip`", "Box2D, by `pip`")],
)
@pytest.mark.parametrize("kind", [gymnasium.error.DependencyNotInstalled, ModuleNotFoundError])
def test_missing_packages_are_named(odd, monkeypatch, message, hint, kind):
    def missing(self, **options):
        raise kind(f"{message}\nand more")

    monkeypatch.setattr(Odd, "__init__", missing)
    with pytest.raises(GenzooError, match=f"data=odd: tests/Odd-v0 needs packages that are not installed; {hint}$"):
        _ = EnvironmentData(**odd).spec


@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError("by zero"), OSError("no file"), KeyError("9x9"), ValueError("bad\nand more"), AssertionError()],
    ids=lambda error: type(error).__name__,
)
def test_options_that_break_the_environment_are_one_line(odd, monkeypatch, error):
    def broken(self, **options):
        raise error

    monkeypatch.setattr(Odd, "__init__", broken)
    message = rf"data.options={{'observed': 0}}: tests/Odd-v0 ended in {type(error).__name__}: .*; correct them.$"
    with pytest.raises(GenzooError, match=message) as caught:
        _ = EnvironmentData(**odd, options={"observed": 0}).spec
    assert "\n" not in str(caught.value)


def test_an_environment_that_has_moved_says_where(odd):
    """No package of ours would bring it back."""
    with pytest.raises(GenzooError, match=r"^data.id=Hopper-v2: .*have been moved to the gymnasium-robotics project"):
        _ = EnvironmentData(**odd | {"id": "Hopper-v2"}).spec


def test_points_that_are_not_clipped_are_another_environment():
    one, other, older = (
        EnvironmentData(**PENDULUM, **clip) for clip in ({"clip_actions": False}, {"clip_actions": True}, {})
    )
    assert one.fingerprint() != other.fingerprint() == older.fingerprint()
    assert EnvironmentData(**POLE, clip_actions=False).fingerprint() == EnvironmentData(**POLE).fingerprint()


def test_another_environment_has_another_fingerprint():
    prints = {
        EnvironmentData(**POLE | other).fingerprint()
        for other in ({}, {"time_limit": 500}, {"options": {"sutton_barto_reward": True}}, {"id": "CartPole-v0"})
    }
    assert len(prints) == 4
    assert EnvironmentData(**POLE).fingerprint() in prints
    assert EnvironmentData(**POLE, seed=3, rounds=9).fingerprint() in prints


def test_it_gives_the_rounds_that_remain():
    rounds = Iterations(rounds=5, position=2)
    assert len(rounds) == 3
    assert list(rounds) == [(), (), ()]
    assert len(Iterations(rounds=2, position=3)) == 0


@pytest.mark.parametrize("id", [id for id in gymnasium.registry if id.startswith("genzoo/") and "Cheetah" not in id])
def test_our_own_keep_gymnasiums_contract(id):
    from gymnasium.utils.env_checker import check_env

    check_env(gymnasium.make(id).unwrapped, skip_render_check=True)
    a, b = gymnasium.make(id), gymnasium.make(id)
    assert not np.array_equal(a.reset(seed=1)[0], b.reset(seed=2)[0])
