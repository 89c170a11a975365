"""What an expert did, as a file."""

import numpy as np
import pytest
import torch

from genzoo.core.batches import EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.data.demonstrations import SHIPPED, choose, locate, pack, read
from genzoo.data.environment import EnvironmentData
from genzoo.runs.build import build_data
from support import resolved

POLE = EnvironmentSpec("cartpole", 4, 2, "Categorical", 200)
PENDULUM = EnvironmentSpec("pendulum", 3, 1, "Gaussian", 200)
LENGTHS = [7, 5, 9]


def trajectories(lengths=LENGTHS, policy="Categorical", observations=4):
    """Whose steps can be told apart: observations are 100 x trajectory + step, rewards are the trajectory's number."""
    seen = [np.tile((100.0 * i + np.arange(n))[:, None], observations) for i, n in enumerate(lengths)]
    done = [np.arange(n) % 2 if policy == "Categorical" else np.full((n, 1), 1.5 * i) for i, n in enumerate(lengths)]
    return seen, done, [np.full(n, float(i)) for i, n in enumerate(lengths)]


def arrays(**changes):
    """Those of a whole file, but for the changes; None takes one away."""
    seen, done, paid = map(np.concatenate, trajectories())
    found = {"observations": seen, "actions": done, "rewards": paid, "episode_lengths": np.array(LENGTHS)} | changes
    return {key: value for key, value in found.items() if value is not None}


@pytest.fixture
def file(tmp_path):
    def write(**changes):
        np.savez(tmp_path / "shown.npz", **arrays(**changes))
        return tmp_path / "shown.npz"

    return write


def test_what_is_packed_is_read(tmp_path):
    for spec, id, kind in (
        (POLE, "CartPole-v1", {}),
        (PENDULUM, "Pendulum-v1", {"policy": "Gaussian", "observations": 3}),
    ):
        given = trajectories(**kind)
        (tmp_path / "x.npz").write_bytes(pack(*given, environment=id))
        found = choose(read(tmp_path / "x.npz", spec, id), None, 1, "x.npz")
        assert np.array_equal(found.observations, np.concatenate(given[0]))
        assert np.array_equal(found.actions, np.concatenate(given[1]))
        assert found.actions.dtype == (torch.int64 if kind == {} else torch.float32)
        assert found.times.tolist() == [*range(7), *range(5), *range(9)]
        assert found.returns.tolist() == [0, 5, 18]


def test_trajectories_are_thinned_out_from_a_random_step_on():
    """numpy.random.RandomState(0).randint(0, 3, size=2) is [0, 1], as in the original."""
    found = choose(arrays(), 2, 3, "x.npz")
    assert found.times.tolist() == [0, 3, 6, 1, 4]
    assert found.observations[:, 0].tolist() == [0, 3, 6, 101, 104]
    assert found.actions.tolist() == [0, 1, 0, 1, 0]
    assert found.returns.tolist() == [0, 5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rewards": None, "actions": None}, r"lacks actions, rewards \(its keys must be"),
        (
            {"environment": np.array("Hopper-v5")},
            "is of Hopper-v5, not of CartPole-v1; give demonstrations of data=cart",
        ),
        ({"observations": np.zeros((21, 6))}, r"observations of shape \(21, 6\) where \(21, 4\) is needed"),
        ({"actions": np.zeros((21, 1), int)}, r"actions of shape \(21, 1\) where \(21,\) is needed"),
        ({"rewards": np.zeros(0), "episode_lengths": np.zeros(0, int)}, "is empty"),
        ({"episode_lengths": np.array([7, 5])}, "has trajectories with 12 steps in total, but 21 rewards"),
        ({"episode_lengths": np.array([21, 0])}, "has trajectories with 21 steps in total, but 21 rewards"),
        ({"episode_lengths": np.array([2**62] * 4 + [21])}, "has trajectories with 21 steps in total"),  # modulo 2^64
        ({"environment": np.array("x" * 10_000)}, "is of x{100}, not of CartPole-v1"),
        ({"actions": np.full(21, 2)}, "has actions that are not integers from 0 to 1"),
        ({"actions": np.full(21, 0.5)}, "has actions that are not integers from 0 to 1"),
        ({"rewards": np.full(21, np.nan)}, "has numbers that are not finite"),
        ({"observations": np.full((21, 4), 1e39)}, "has numbers that are not finite, or too large for float32"),
        ({"rewards": np.float64(1.0)}, r"has rewards of shape \(\) where \(1,\) is needed"),
        ({"episode_lengths": np.int64(21)}, r"has episode_lengths of shape \(\) where \(1,\) is needed"),
        ({"episode_lengths": np.array([[7, 5, 9]])}, r"has episode_lengths of shape \(1, 3\) where \(3,\) is needed"),
        ({"episode_lengths": np.array([7.0, 5.0, 9.0])}, "has episode_lengths that are not integers"),
        ({"observations": np.full((21, 4), "x")}, "has observations of type <U1, which is not a number type"),
        ({"rewards": np.full(21, "x")}, "has rewards of type <U1, which is not a number type"),
        ({"episode_lengths": np.array(["7", "5", "9"])}, "has episode_lengths of type <U1, which is not a number type"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(file, changes, message):
    with pytest.raises(GenzooError, match=message) as caught:
        read(file(**changes), POLE, "CartPole-v1")
    assert "\n" not in str(caught.value)


def test_lengths_may_be_integers_of_any_kind(file):
    found = [
        choose(read(file(episode_lengths=np.array(LENGTHS, kind)), POLE, "CartPole-v1"), None, 2, "x.npz")
        for kind in (np.int64, np.uint8, np.uint64)
    ]
    assert len(found[0].times) > 9
    assert all(torch.equal(a, b) for other in found[1:] for a, b in zip(found[0], other, strict=True))


def test_an_array_under_the_name_of_a_file_is_one_line(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(3))
    (tmp_path / "x.npy").rename(tmp_path / "x.npz")
    with pytest.raises(GenzooError, match=r"x.npz is not a complete .npz \(it is a single array"):
        read(tmp_path / "x.npz", POLE, "CartPole-v1")


def test_a_file_may_leave_its_environment_out(file):
    assert "environment" not in read(file(), POLE, "CartPole-v1")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half of it", b"text"])
def test_a_damaged_file_is_one_line(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(GenzooError, match=r"x.npz is not a complete .npz"):
        read(tmp_path / "x.npz", POLE, "CartPole-v1")


def test_a_pickle_in_a_file_is_never_run(file, tmp_path):
    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    with pytest.raises(GenzooError, match="is not a complete"):
        read(file(actions=np.array([Harm()], dtype=object)), POLE, "CartPole-v1")
    assert not (tmp_path / "harm").exists()


def test_more_than_there_is_is_refused():
    with pytest.raises(GenzooError, match=r"data.trajectories=4: x.npz holds only 3"):
        choose(arrays(), 4, 1, "x.npz")


def test_a_file_is_found_here_and_in_the_root(file, tmp_path, monkeypatch):
    path = file()
    monkeypatch.chdir(tmp_path)
    assert locate("shown.npz", None).resolve() == path
    (tmp_path / "data" / "demonstrations").mkdir(parents=True)
    path.rename(tmp_path / "data" / "demonstrations" / "other.npz")
    assert locate("other.npz", "data").is_file()
    with pytest.raises(GenzooError, match=r"data.demonstrations=shown.npz: there is no such file, here or in data"):
        locate("shown.npz", "data")
    with pytest.raises(GenzooError, match=r"data.demonstrations=cartpol: .* Did you mean 'cartpole'"):
        locate("cartpol", None)


def environment(path, **options):
    facts = {"observations": 4, "actions": 2, "policy": "Categorical", "time_limit": 200}
    return EnvironmentData("cartpole", "CartPole-v1", **facts, demonstrations=str(path), **options)


def test_an_environment_shows_what_its_settings_choose(file):
    data = environment(file(), trajectories=2, every=3)
    assert data.spec.demonstrations == 5
    assert data.demonstrated("train").times.tolist() == [0, 3, 6, 1, 4]
    assert data.describe().endswith("; an expert's 5 steps in 2 episodes")
    assert data.initial() is data.demonstrations


def test_steps_are_held_out(file):
    data = environment(file(), held_out=0.3)
    shown, held = (data.demonstrated(split).observations[:, 0].tolist() for split in ("train", "validation"))
    assert (len(shown), len(held)) == (15, 6)
    assert sorted(shown + held) == np.concatenate(trajectories()[0])[:, 0].tolist()
    assert shown != sorted(shown)
    assert environment(file(), held_out=0.3).demonstrated("train").observations[:, 0].tolist() == shown
    kept = data.demonstrated("train")
    assert (kept.observations[:, 0] % 100).tolist() == kept.times.tolist()  # what belongs together stays together


@pytest.mark.parametrize(("options", "steps"), [({"held_out": 0.99}, 21), ({"held_out": 0.1, "every": 21}, 1)])
def test_to_hold_out_every_step_is_refused(file, options, steps):
    path = file(episode_lengths=np.array([21]))
    with pytest.raises(
        GenzooError, match=rf"data.held_out=0.\d+: of the {steps} steps .* none would be left to train on"
    ):
        _ = environment(path, **options).spec


def test_other_demonstrations_are_other_data(file):
    prints = [environment(file(), trajectories=n).fingerprint() for n in (1, 2, 2)]
    assert prints[0] != prints[1] == prints[2]


def test_a_file_that_does_not_fit_is_found_with_the_facts(file):
    with pytest.raises(GenzooError, match="is of Hopper-v5"):
        _ = environment(file(environment=np.array("Hopper-v5"))).spec


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "data.every=0: a positive integer"),
        ({"held_out": 1.0}, "data.held_out=1.0: a fraction"),
        ({"task": "golf"}, r"data.task=golf: unknown"),
    ],
)
def test_settings_are_checked(file, options, message):
    with pytest.raises(GenzooError, match=message):
        environment(file(), **options)


@pytest.mark.parametrize(("name", "worst", "best"), [("cartpole", 200, 200), ("acrobot", -110, -60)])
def test_shipped_experts_are_experts(name, worst, best):
    data = build_data(resolved("model=trpo", f"data={name}", "data.trajectories=10", "data.every=1"))
    returns = data.demonstrations.returns
    assert len(returns) == 10
    assert worst <= returns.min() <= returns.max() <= best
    assert (SHIPPED / f"{name}.npz").stat().st_size < 40_000


def test_shipped_steps_are_the_environments_own():
    """The pole's equations of motion give each next observation."""
    data = environment("cartpole")
    pole, shown = data.make(), data.demonstrations
    for i in range(0, 150, 10):
        pole.reset()
        pole.unwrapped.state = shown.observations[i].double().numpy()
        assert np.allclose(pole.step(int(shown.actions[i]))[0], shown.observations[i + 1], atol=1e-5)
