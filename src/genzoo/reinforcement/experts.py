"""The expert policies that were published with GAIL."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.core.files import DEFLATE, opened_npz
from genzoo.core.inference import in_inference
from genzoo.reinforcement.model import PolicyModel
from genzoo.reinforcement.policies import CategoricalPolicy, GaussianPolicy, Policy

# Environment id -> the function from its observations to those of the version of 2016 that the expert was trained in.
ORIGINAL_OBSERVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    # Acrobot-v0: two angles and their velocities; Acrobot-v1 has the cosine and sine of each angle.
    "Acrobot-v1": lambda o: torch.cat(
        [torch.atan2(o[:, 1:2], o[:, 0:1]), torch.atan2(o[:, 3:4], o[:, 2:3]), o[:, 4:]], dim=1
    ),
    # Ant-v1: also the contact forces on the world body, which are 0.
    "Ant-v5": lambda o: torch.cat([o[:, :27], o.new_zeros(len(o), 6), o[:, 27:]], dim=1),
    # Reacher-v1: also the height of the fingertip above the target, which is always 0.
    "Reacher-v5": lambda o: torch.cat([o, o.new_zeros(len(o), 1)], dim=1),
}
# Class of a policy in the published file -> class here.
POLICIES: Mapping[str, type[Policy]] = {"GibbsPolicy": CategoricalPolicy, "GaussianPolicy": GaussianPolicy}
LAYERS = ("FeedforwardNet", "AffineLayer")  # redundant parts of names in the HDF5 file, which are left out


class PublishedExpert(PolicyModel):
    """A published expert policy in a current version of its environment. It is not trained.

    Args:
        policy: the published policy.
        environment: id of the environment.
    """

    def __init__(self, policy: Policy, environment: str):
        super().__init__(policy, optimizers={})
        self.original_observations = ORIGINAL_OBSERVATIONS.get(environment, lambda observations: observations)

    def players(self) -> dict[str, list[nn.Module]]:
        """No players."""
        return {}

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Raises a GenzooError unless the policy fits the environment's mapped observations and its actions."""
        if isinstance(data, EnvironmentSpec):
            mapped = self.original_observations(torch.zeros(1, data.observations))
            data = data._replace(observations=mapped.shape[1])
        super().check_data(data)

    @in_inference
    def act(self, observations: Tensor, deterministic: bool = False, generator: Generator | None = None) -> Tensor:
        """Actions (B,) or (B, A) of the policy for the mapped observations."""
        return super().act(self.original_observations(observations), deterministic, generator)


def read_expert(path: Path) -> Policy:
    """Reads a published policy.

    Args:
        path: the published HDF5 file, of which the last snapshot is read; or an ``.npz`` of that snapshot, whose keys
            are the HDF5 names joined by dots, without the names of layer classes: ``GibbsPolicy.hidden.layer_0.W``,
            ``GibbsPolicy.out.b``, ``GaussianPolicy.logstdevs_1_Da``, ``GibbsPolicy.obsnorm.Standardizer.mean_1_D`` ...

    Raises:
        GenzooError: the file is missing or is not such a policy, or h5py is not installed.

    Source: openai/imitation, expert_policies, policyopt/nn.py and rl.py. Networks with one hidden layer have leaky
    ReLUs, networks with two have hyperbolic tangents.
    """
    try:
        found = {key: torch.as_tensor(array) for key, array in _arrays(path).items()}
        if strange := [key for key, array in found.items() if not array.isfinite().all()]:
            raise ValueError(f"{strange[0]} is not finite")
        # The widths of the layers define the network, and their number its activation.
        (kind,) = {key.split(".")[0] for key in found} & POLICIES.keys()
        arrays = {key.removeprefix(f"{kind}."): array for key, array in found.items()}
        layers = [*sorted(key[:-2] for key in arrays if key.startswith("hidden.") and key.endswith(".W")), "out"]
        weights = [arrays[f"{layer}.W"] for layer in layers]
        hidden = [weight.shape[1] for weight in weights[:-1]]
        activation = "leaky_relu" if len(hidden) == 1 else "tanh"
        policy = POLICIES[kind](weights[0].shape[0], weights[-1].shape[1], hidden, activation)
        # Published names -> names of the state dict; the file stores weights as (inputs, outputs).
        state = {}
        for i, layer in enumerate(layers):
            state[f"network.layers.{i}.weight"] = weights[i].T
            state[f"network.layers.{i}.bias"] = arrays[f"{layer}.b"].flatten()
        norm = "network.normaliser"
        state[f"{norm}.count"] = arrays["obsnorm.Standardizer.count"].squeeze()
        state[f"{norm}.mean"] = arrays["obsnorm.Standardizer.mean_1_D"].flatten()
        state[f"{norm}.square"] = arrays["obsnorm.Standardizer.meansq_1_D"].flatten()
        if kind == "GaussianPolicy":
            state["log_std"] = arrays["logstdevs_1_Da"].flatten()
        policy.load_state_dict(state)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        raise GenzooError(
            f"{path}: not an expert policy of openai/imitation ({' '.join(str(error).split())}); give one of its "
            "expert_policies, as .h5 or .npz."
        ) from error
    return policy


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Name -> array, with the names of the ``.npz``."""
    if path.suffix == ".npz":
        with opened_npz(path) as file:
            return dict(file)
    try:
        import h5py
    except ImportError as error:
        raise GenzooError(
            f'{path}: reading HDF5 needs h5py, which is not installed; pip install "genzoo[experts]"'
        ) from error

    arrays = {}

    def keep(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            if item.nbytes > DEFLATE * path.stat().st_size or item.external or item.is_virtual:
                raise ValueError(f"{name} declares {item.nbytes} bytes, which the file does not hold")
            arrays[".".join(part for part in name.split("/") if part not in LAYERS)] = item[()]

    with h5py.File(path, "r") as file:
        snapshots = file["snapshots"]
        snapshots[max(snapshots)].visititems(keep)
    return arrays
