"""The expert policies that were published with GAIL."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.reinforcement.model import PolicyModel
from genzoo.reinforcement.policies import CategoricalPolicy, GaussianPolicy, Policy

# What the environments of 2016 observed, from what today's observe.
OBSERVED_THEN: Mapping[str, Callable[[Tensor], Tensor]] = {
    # Acrobot-v0: two angles and their velocities; today cosine and sine of each angle.
    "Acrobot-v1": lambda o: torch.cat(
        [torch.atan2(o[:, 1:2], o[:, 0:1]), torch.atan2(o[:, 3:4], o[:, 2:3]), o[:, 4:]], dim=1
    ),
    # Ant-v1: also the forces on the world itself, which are 0.
    "Ant-v5": lambda o: torch.cat([o[:, :27], o.new_zeros(len(o), 6), o[:, 27:]], dim=1),
    # Reacher-v1: also how far the fingertip is above the target, which it never is.
    "Reacher-v5": lambda o: torch.cat([o, o.new_zeros(len(o), 1)], dim=1),
}
# Their names of the policies -> ours.
POLICIES: Mapping[str, type[Policy]] = {"GibbsPolicy": CategoricalPolicy, "GaussianPolicy": GaussianPolicy}
LAYERS = ("FeedforwardNet", "AffineLayer")  # parts of names in HDF5 that say no more than the others


class PublishedExpert(PolicyModel):
    """One of the experts, in an environment of today. It learns nothing.

    Args:
        policy: as published.
        environment: id of the environment.
    """

    def __init__(self, policy: Policy, environment: str):
        super().__init__(policy, optimizers={})
        self.observed_then = OBSERVED_THEN.get(environment, lambda observations: observations)

    def players(self) -> dict[str, list[nn.Module]]:
        """None."""
        return {}

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Refuses all but environments that the policy fits once observations are mapped."""
        if isinstance(data, EnvironmentSpec):
            then = self.observed_then(torch.zeros(1, data.observations))
            data = data._replace(observations=then.shape[1])
        super().check_data(data)

    @in_inference
    def act(self, observations: Tensor, deterministic: bool = False, generator: Generator | None = None) -> Tensor:
        """As the policy would have acted then."""
        return super().act(self.observed_then(observations), deterministic, generator)


def read_expert(path: Path) -> Policy:
    """A published policy.

    Args:
        path: the published HDF5 file, of which the last snapshot is taken; or an ``.npz`` of that snapshot, whose keys
            are the names there, joined by dots, without those of the layers' classes: ``GibbsPolicy.hidden.layer_0.W``,
            ``GibbsPolicy.out.b``, ``GaussianPolicy.logstdevs_1_Da``, ``GibbsPolicy.obsnorm.Standardizer.mean_1_D`` ...

    Raises:
        GenzooError: the file is missing or no such policy; h5py is not installed.

    Source: openai/imitation, expert_policies, policyopt/nn.py and rl.py. Networks of one hidden layer are of leaky
    rectifiers, those of two of hyperbolic tangents.
    """
    try:
        found = {key: torch.as_tensor(array) for key, array in _arrays(path).items()}
        (kind,) = {key.split(".")[0] for key in found} & POLICIES.keys()
        arrays = {key.removeprefix(f"{kind}."): array for key, array in found.items()}
        layers = [*sorted(key[:-2] for key in arrays if key.startswith("hidden.") and key.endswith(".W")), "out"]
        weights, biases = ([arrays[f"{layer}.{letter}"] for layer in layers] for letter in "Wb")
        norm = {name: arrays[f"obsnorm.Standardizer.{name}"] for name in ("count", "mean_1_D", "meansq_1_D")}
    except (OSError, ValueError, KeyError) as error:
        raise GenzooError(
            f"{path}: no expert policy of openai/imitation ({' '.join(str(error).split())}); give one of its "
            "expert_policies, as .h5 or .npz."
        ) from error

    hidden = [weight.shape[1] for weight in weights[:-1]]
    activation = "leaky_relu" if len(hidden) == 1 else "tanh"
    policy = POLICIES[kind](weights[0].shape[0], weights[-1].shape[1], hidden, activation)
    with torch.no_grad():
        for layer, weight, bias in zip(policy.network.layers, weights, biases, strict=True):
            layer.weight.copy_(weight.T)
            layer.bias.copy_(bias.flatten())
        for name, key in (("count", "count"), ("mean", "mean_1_D"), ("square", "meansq_1_D")):
            getattr(policy.normaliser, name).copy_(norm[key].squeeze())
        if isinstance(policy, GaussianPolicy):
            policy.log_std.copy_(arrays["logstdevs_1_Da"].flatten())
    return policy


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Name -> array, as in the ``.npz``."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    try:
        import h5py
    except ImportError as error:
        raise GenzooError(
            f'{path}: HDF5 is read by h5py, which is not installed; pip install "genzoo[experts]"'
        ) from error

    arrays = {}

    def keep(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[".".join(part for part in name.split("/") if part not in LAYERS)] = item[()]

    with h5py.File(path, "r") as file:
        snapshots = file["snapshots"]
        snapshots[max(snapshots)].visititems(keep)
    return arrays
