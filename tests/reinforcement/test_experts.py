"""The published experts, of files that are written here."""

import math
import sys

import numpy as np
import pytest
import torch

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.data.demonstrations import choose, read
from genzoo.reinforcement.experts import PublishedExpert, read_expert
from genzoo.runs.recording import record
from support import composed

X = np.random.default_rng(1).normal(size=(5, 4))


def arrays(kind="GibbsPolicy", observations=4, actions=2, hidden=(6, 5)):
    """A policy as published: every other layer of a network is a nonlinearity; weights are (inputs, outputs)."""
    random, widths = np.random.default_rng(0), [observations, *hidden, actions]
    names = [*(f"hidden.layer_{2 * i}" for i in range(len(hidden))), "out"]
    found = {}
    for name, n, m in zip(names, widths, widths[1:], strict=False):
        found |= {f"{name}.W": random.normal(size=(n, m)), f"{name}.b": random.normal(size=(1, m))}
    mean = random.normal(size=(1, observations))
    norm = {"count": np.array(100.0), "mean_1_D": mean, "meansq_1_D": mean**2 + random.uniform(1, 3, mean.shape)}
    found |= {f"obsnorm.Standardizer.{name}": array for name, array in norm.items()}
    if kind == "GaussianPolicy":
        found["logstdevs_1_Da"] = random.normal(size=(1, actions))
    return {f"{kind}.{name}": array for name, array in found.items()} | {"log_return": np.zeros(3)}


def output(found, kind, nonlinearity, x=X):
    """The network, by hand."""
    mean, square = (found[f"{kind}.obsnorm.Standardizer.{name}"] for name in ("mean_1_D", "meansq_1_D"))
    x = (x - mean) / (np.sqrt(square - mean**2) + 1e-6)
    for layer in ("layer_0", "layer_2"):
        if f"{kind}.hidden.{layer}.W" in found:
            x = nonlinearity(x @ found[f"{kind}.hidden.{layer}.W"] + found[f"{kind}.hidden.{layer}.b"])
    return x @ found[f"{kind}.out.W"] + found[f"{kind}.out.b"]


def written(path, found):
    np.savez(path, **found)
    return path


def test_a_policy_of_a_finite_set_has_two_layers_of_hyperbolic_tangents(tmp_path):
    policy = read_expert(written(tmp_path / "x.npz", arrays()))
    logits = output(arrays(), "GibbsPolicy", np.tanh)
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.allclose(policy(torch.as_tensor(X).float()).probs.detach(), expected, atol=1e-5)


def test_a_policy_of_points_has_one_layer_of_leaky_rectifiers_and_its_deviations(tmp_path):
    found = arrays("GaussianPolicy", actions=3, hidden=(7,))
    given = read_expert(written(tmp_path / "x.npz", found))(torch.as_tensor(X).float())
    leaky = output(found, "GaussianPolicy", lambda x: np.where(x > 0, x, 0.01 * x))
    assert np.allclose(given.mean.detach(), leaky, atol=1e-5)
    assert np.allclose(given.stddev.detach(), np.exp(found["GaussianPolicy.logstdevs_1_Da"]), atol=1e-6)


def test_the_last_snapshot_of_the_published_file_is_taken(tmp_path):
    h5py = pytest.importorskip("h5py", reason="the extra experts is not installed")
    found = arrays()
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for snapshot, factor in (("iter0000020", 0.0), ("iter0000100", 1.0)):
            for name, array in found.items():
                path = name.replace("hidden.", "hidden.FeedforwardNet.").replace(".W", ".AffineLayer.W")
                path = path.replace(".b", ".AffineLayer.b").replace(".", "/")
                file[f"snapshots/{snapshot}/{path}"] = factor * array
    x = torch.as_tensor(X).float()
    read, expected = (read_expert(path) for path in (tmp_path / "x.h5", written(tmp_path / "x.npz", found)))
    assert torch.equal(read(x).logits, expected(x).logits)


def test_a_data_set_that_declares_more_than_the_file_holds_takes_no_memory(tmp_path):
    h5py = pytest.importorskip("h5py", reason="the extra experts is not installed")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("snapshots/iter0000020/GibbsPolicy/out/W", (10**12,), chunks=(1000,))
    with pytest.raises(GenzooError, match=r"x.h5: not an expert policy .*W declares 4000000000000 bytes"):
        read_expert(tmp_path / "x.h5")


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(GenzooError, match=r'x.h5: reading HDF5 needs h5py.*pip install "genzoo\[experts\]"'):
        read_expert(tmp_path / "x.h5")


@pytest.mark.parametrize("lacking", ["GibbsPolicy.out.W", "GibbsPolicy.obsnorm.Standardizer.count", "GibbsPolicy"])
def test_a_file_that_holds_no_expert_is_one_line(lacking, tmp_path):
    found = {name: array for name, array in arrays().items() if not name.startswith(lacking)}
    with pytest.raises(GenzooError, match=r"x.npz: not an expert policy of openai/imitation"):
        read_expert(written(tmp_path / "x.npz", found))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"logstdevs_1_Da": None}, "logstdevs_1_Da"),
        ({"logstdevs_1_Da": np.zeros((1, 3))}, "size mismatch for log_std"),
        ({"out.b": np.zeros((1, 1))}, "size mismatch for network.layers.1.bias"),  # which could be broadcast
        ({"hidden.layer_0.W": np.zeros((4, 8))}, "size mismatch for network.layers"),
        ({"hidden.layer_0.W": np.zeros(7)}, ""),
        ({"out.b": np.full((1, 2), np.nan)}, "GaussianPolicy.out.b is not finite"),
        ({"out.W": np.full((7, 2), "x")}, ""),
        ({"obsnorm.Standardizer.mean_1_D": np.zeros((1, 3))}, "size mismatch for network.normaliser.mean"),
    ],
)
def test_arrays_that_make_no_policy_are_one_line(changes, message, tmp_path):
    found = arrays("GaussianPolicy", hidden=(7,)) | {f"GaussianPolicy.{name}": given for name, given in changes.items()}
    path = written(tmp_path / "x.npz", {name: array for name, array in found.items() if array is not None})
    with pytest.raises(GenzooError, match=rf"x.npz: not an expert policy of openai/imitation \(.*{message}") as caught:
        read_expert(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["empty", "truncated", "an array"])
def test_a_damaged_file_is_one_line(damage, tmp_path):
    path = written(tmp_path / "x.npz", arrays())
    if damage == "an array":
        np.save(tmp_path / "x.npy", np.arange(3))
        (tmp_path / "x.npy").rename(path)
    else:
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else 700])
    with pytest.raises(GenzooError, match=r"x.npz: not an expert policy of openai/imitation \(.+\)") as caught:
        read_expert(path)
    assert "\n" not in str(caught.value)


def test_an_environment_of_one_number_has_an_expert(tmp_path):
    policy = read_expert(written(tmp_path / "x.npz", arrays(observations=1)))
    logits = output(arrays(observations=1), "GibbsPolicy", np.tanh, X[:, :1])
    found = policy(torch.as_tensor(X[:, :1]).float()).probs.detach()
    assert np.allclose(found, np.exp(logits) / np.exp(logits).sum(1, keepdims=True), atol=1e-5)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(GenzooError, match=r"x.npz: not an expert policy of openai/imitation .*No such file"):
        read_expert(tmp_path / "x.npz")


def seen_by(environment, observations, width):
    """What the policy is shown."""
    shown = []

    class Policy(torch.nn.Module):
        def forward(self, observations):
            shown.append(observations)
            return torch.distributions.Categorical(logits=torch.zeros(len(observations), 2))

    PublishedExpert(Policy(), environment).act(observations, deterministic=True)
    assert shown[0].shape == (len(observations), width)
    return shown[0]


def test_todays_observations_are_shown_as_those_of_then():
    angles = torch.tensor([[0.3, -2.5], [3.1, 0.0]])
    today = torch.stack([f(angles[:, i]) for i in range(2) for f in (torch.cos, torch.sin)], dim=1)
    velocities = torch.tensor([[0.5, -4.0], [1.0, 2.0]])
    found = seen_by("Acrobot-v1", torch.cat([today, velocities], dim=1), 4)
    assert torch.allclose(found, torch.cat([angles, velocities], dim=1), atol=1e-6)

    found = seen_by("Ant-v5", torch.arange(1.0, 106)[None], 111)[0].tolist()
    assert found == [*range(1, 28), *[0] * 6, *range(28, 106)]
    assert seen_by("Reacher-v5", torch.arange(1.0, 11)[None], 11)[0].tolist() == [*range(1, 11), 0]
    assert seen_by("Hopper-v5", torch.ones(1, 11), 11)[0].tolist() == [1] * 11


def test_an_environment_that_it_does_not_fit_is_refused(tmp_path):
    policy = read_expert(written(tmp_path / "x.npz", arrays(actions=3)))
    PublishedExpert(policy, "Acrobot-v1").check_data(EnvironmentSpec("acrobot", 6, 3, "Categorical", 200))
    with pytest.raises(GenzooError, match=r"\(4, 3, 'Categorical'\) do not fit data=cartpole"):
        PublishedExpert(policy, "CartPole-v1").check_data(EnvironmentSpec("cartpole", 4, 2, "Categorical", 200))
    with pytest.raises(GenzooError, match="data=mnist has images"):
        PublishedExpert(policy, "CartPole-v1").check_data(DataSpec("mnist", (1, 28, 28)))


def test_what_an_expert_did_is_recorded(tmp_path, capsys):
    """This one pushes to where the pole leans."""
    found = arrays(hidden=(2, 2))
    found |= {name: 0 * array for name, array in found.items() if name.endswith((".W", ".b", "mean_1_D"))}
    found["GibbsPolicy.obsnorm.Standardizer.meansq_1_D"] = np.ones((1, 4))
    found["GibbsPolicy.hidden.layer_0.W"][[2, 3], 0] = found["GibbsPolicy.hidden.layer_2.W"][0, 0] = 1.0
    found["GibbsPolicy.out.W"][0] = [-1.0, 1.0]
    expert, to = written(tmp_path / "expert.npz", found), tmp_path / "made" / "pole.npz"
    chosen = (f"expert={expert}", f"to={to}", "trajectories=2", "deterministic=true", "data.time_limit=100")
    values = record(composed(*chosen, name="demonstrate"))
    shown = choose(read(to, EnvironmentSpec("cartpole", 4, 2, "Categorical", 100), "CartPole-v1"), None, 1, to.name)
    assert shown.returns.tolist() == [100, 100]
    assert values == {"demonstrated_return": 100, "demonstrated_return_std": 0}
    assert torch.equal(shown.actions, (shown.observations[:, 2:].sum(1) > 0).long())
    assert math.isclose(shown.observations[0].abs().max(), 0.05, abs_tol=0.05)
