"""Files of an expert's demonstrations.

A file of demonstrations is an ``.npz`` without pickles. Its arrays hold whole trajectories, concatenated:

| key | content |
|---|---|
| ``observations`` | observation before each step, float (N, D) |
| ``actions`` | discrete: indices, integers (N,); continuous: as drawn, before any clipping, float (N, A) |
| ``rewards`` | the environment's rewards, float (N,) |
| ``episode_lengths`` | number of steps of each trajectory, integers (E,), with sum N |
| ``environment`` | id of the environment; optional |
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genzoo.core.batches import EnvironmentSpec
from genzoo.core.errors import GenzooError, near
from genzoo.core.files import opened_npz

SHIPPED = Path(__file__).parent / "expert_trajectories"
KEYS = ("observations", "actions", "rewards", "episode_lengths")
Arrays = dict[str, np.ndarray]


class Demonstrations(NamedTuple):
    """Steps of an expert's trajectories.

    Args:
        observations: float32 (N, D).
        actions: int64 (N,) or float32 (N, A).
        times: index of each step within its trajectory, from 0, int64 (N,).
        returns: return of each whole trajectory, float64 (E,).
    """

    observations: Tensor
    actions: Tensor
    times: Tensor
    returns: Tensor

    def take(self, chosen: Tensor | slice) -> "Demonstrations":
        """Returns the chosen steps, with the returns of all trajectories."""
        return Demonstrations(self.observations[chosen], self.actions[chosen], self.times[chosen], self.returns)


def locate(name: str, root: str | None) -> Path:
    """Returns the file for a setting: the name of a file that genzoo ships, or an ``.npz``.

    An ``.npz`` is searched in the current folder, then in ``<root>/demonstrations``.

    Raises:
        GenzooError: there is no such file.
    """
    if Path(name).suffix != ".npz":
        shipped = [path.stem for path in SHIPPED.glob("*.npz")]
        if name not in shipped:
            raise GenzooError(
                f"data.demonstrations={name}: genzoo ships no such demonstrations, and a file name must end with .npz. "
                f"{near(name, shipped)}"
            )
        return SHIPPED / f"{name}.npz"
    for path in (Path(name), Path(root or ".") / "demonstrations" / name):
        if path.is_file():
            return path
    raise GenzooError(f"data.demonstrations={name}: there is no such file, here or in {root}/demonstrations; give one.")


def read(path: Path, spec: EnvironmentSpec, id: str) -> Arrays:
    """Reads the arrays of a file and checks that they fit an environment.

    Raises:
        GenzooError: the file is damaged, incomplete or empty, or belongs to another environment.
    """
    try:
        with opened_npz(path) as file:
            found = {key: file[key] for key in (*KEYS, "environment") if key in file}
    except ValueError as error:
        raise GenzooError(f"data.demonstrations: {path} is not a complete .npz ({error}); record it again.") from error
    if fault := _fault(found, spec, id):
        raise GenzooError(f"data.demonstrations: {path} {fault}; give demonstrations of data={spec.name}.")
    return found


def _fault(found: Arrays, spec: EnvironmentSpec, id: str) -> str | None:
    """Returns a description of the first fault of the arrays, or None."""
    if lacking := [key for key in KEYS if key not in found]:
        return f"lacks {', '.join(lacking)} (its keys must be {', '.join(KEYS)})"
    # Types and shapes first, so that the checks of values below cannot fail.
    observations, actions, rewards, lengths = (found[key] for key in KEYS)
    if "environment" in found and str(found["environment"]) != id:
        return f"is of {str(found['environment'])[:100]}, not of {id}"
    for key in KEYS:
        if found[key].dtype.kind not in "biuf":
            return f"has {key} of type {found[key].dtype}, which is not a number type"
    n = rewards.size
    if not n or not lengths.size:
        return "is empty"
    discrete = spec.policy == "Categorical"
    for key, shape in (
        ("rewards", (n,)),
        ("episode_lengths", (lengths.size,)),
        ("observations", (n, spec.observations)),
        ("actions", (n,) if discrete else (n, spec.actions)),
    ):
        if found[key].shape != shape:
            return f"has {key} of shape {found[key].shape} where {shape} is needed"
    if lengths.dtype.kind not in "iu":
        return "has episode_lengths that are not integers"
    if (lengths < 1).any() or (lengths > n).any() or lengths.sum() != n:  # a sum of larger ones could overflow
        return f"has trajectories with {lengths.sum()} steps in total, but {n} rewards"
    if discrete and not (
        np.issubdtype(actions.dtype, np.integer) and 0 <= actions.min() <= actions.max() < spec.actions
    ):
        return f"has actions that are not integers from 0 to {spec.actions - 1}"
    with np.errstate(over="ignore"):
        if not all(np.isfinite(array.astype(np.float32)).all() for array in (observations, actions, rewards)):
            return "has numbers that are not finite, or too large for float32"
    return None


def choose(found: Arrays, trajectories: int | None, every: int, source: str) -> Demonstrations:
    """Returns the first trajectories of a file, subsampled.

    Args:
        found: arrays as returned by ``read``.
        trajectories: number of trajectories; None = all.
        every: keep one of every ``every`` steps of a trajectory, with a random but reproducible offset.
        source: name of the file, for messages.

    Raises:
        GenzooError: the file has fewer trajectories, or no step is left.

    Source: openai/imitation, scripts/imitate_mj.py (``load_dataset``).
    """
    lengths = found["episode_lengths"].astype(np.int64)  # unsigned ones would make indices floats
    count = len(lengths) if trajectories is None else trajectories
    if count > len(lengths):
        raise GenzooError(
            f"data.trajectories={count}: {source} holds only {len(lengths)}; choose fewer, or record more."
        )
    starts = lengths.cumsum() - lengths
    first = np.random.RandomState(0).randint(0, every, size=count)
    times = [np.arange(begin, length, every) for begin, length in zip(first, lengths[:count], strict=True)]
    steps = np.concatenate([start + t for start, t in zip(starts, times, strict=False)])
    if not len(steps):
        raise GenzooError(f"data.every={every}: no step of {source} is left; choose a smaller interval.")
    actions = found["actions"][steps]
    return Demonstrations(
        torch.as_tensor(found["observations"][steps].astype(np.float32)),
        torch.as_tensor(actions.astype(np.int64 if actions.ndim == 1 else np.float32)),
        torch.as_tensor(np.concatenate(times)),
        torch.as_tensor(np.add.reduceat(found["rewards"], starts).astype(np.float64)[:count]),
    )


def pack(
    observations: Sequence[np.ndarray], actions: Sequence[np.ndarray], rewards: Sequence[np.ndarray], environment: str
) -> bytes:
    """Returns the content of a file of trajectories.

    Args:
        observations, actions, rewards: one array per trajectory.
        environment: id of the environment.
    """
    file = io.BytesIO()
    discrete = np.issubdtype(actions[0].dtype, np.integer)
    np.savez_compressed(
        file,
        observations=np.concatenate(observations).astype(np.float32),
        actions=np.concatenate(actions).astype(np.uint8 if discrete else np.float32),
        rewards=np.concatenate(rewards).astype(np.float32),
        episode_lengths=np.array([len(one) for one in rewards]),
        environment=np.array(environment),
    )
    return file.getvalue()
