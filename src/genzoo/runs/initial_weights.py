"""Weights of another run, from which a new one starts (fine-tuning)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from genzoo.core.checkpoint_schema import check_tensor, shown
from genzoo.core.checkpoints import load_checkpoint
from genzoo.core.errors import GenzooError, listed
from genzoo.core.rounds import RoundModule
from genzoo.runs.found import find_checkpoint

ROOM = 2000  # characters of a list of names in the log


@dataclass(frozen=True)
class InitialWeights:
    """Weights and buffers of a checkpoint, compared with a module by name and shape.

    Args:
        path: the checkpoint's file.
        taken: name -> value, of those that fit.
        unfit: name -> both shapes, of those whose shapes differ.
        left: names that only the checkpoint has.
        new: names that only the module has, other than averages, which start from its networks.
    """

    path: Path
    taken: Mapping[str, Tensor]
    unfit: Mapping[str, str]
    left: list[str]
    new: list[str]

    def load_into(self, module: RoundModule) -> None:
        """Replaces the module's values; averages that the checkpoint does not have start from the new weights."""
        module.load_state_dict(dict(self.taken), strict=False)
        module.follow_averages()
        module.load_state_dict(dict(self.taken), strict=False)  # the averages that it has

    def describe(self) -> list[str]:
        """Returns one line about the tensors taken, and one for each group of tensors that were not."""
        rest = {
            "of another shape, so initialised anew": [f"{name} ({shapes})" for name, shapes in self.unfit.items()],
            "only of the model, so initialised anew": self.new,
            "only of the checkpoint, so left out": self.left,
        }
        taken = f"init={self.path}: took {_by_network(self.taken)}"
        return [taken, *(f"{kind}: {listed(names, ROOM)}" for kind, names in rest.items() if names)]


def read_initial_weights(given: Any, strict: bool, module: RoundModule) -> InitialWeights:
    """Reads a checkpoint for a new run.

    Args:
        given: a run folder or a file.
        strict: every value must fit.
        module: the new model.

    Raises:
        GenzooError: there is no checkpoint, it is damaged or not finite, nothing of it fits, or, if ``strict``,
            something does not.
    """
    path = find_checkpoint(given, "init")
    stored, built = load_checkpoint(path)["state_dict"], module.state_dict()
    for name, value in stored.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise GenzooError(f"init={path}: {shown(name)} is no named tensor; give a healthy checkpoint.")

    # Compare names and shapes first: a value of another shape may declare more memory than there is.
    common = [name for name in built if name in stored]
    unfit = {
        name: f"{_shape(stored[name])} there, {_shape(built[name])} here"
        for name in common
        if stored[name].shape != built[name].shape
    }
    taken = {name: stored[name] for name in common if name not in unfit}
    for name, value in taken.items():
        check_tensor(value, built[name], f"state_dict.{name}", path)
    left = [shown(name).strip("'") for name in stored if name not in built]
    new = [name for name in built if name not in stored and not name.startswith("averages.")]

    # Refuse what would be silently ignored.
    if not taken:
        raise GenzooError(f"init={path}: none of its weights fits this model; give a run of a similar model.")
    strange = [*(f"{name} ({shapes})" for name, shapes in unfit.items()), *left, *new]
    if strict and strange:
        raise GenzooError(
            f"init={path}: {len(taken)} of its {len(stored)} tensors fit, but not {listed(strange)}; give "
            "init_strict=false to take only those that fit."
        )
    return InitialWeights(path, taken, unfit, left, new)


def _shape(value: Tensor) -> str:
    return " x ".join(map(str, value.shape)) or "a number"


def _by_network(names: Iterable[str]) -> str:
    """Returns text such as ``generator (14 tensors), discriminator (10 tensors)``."""
    counts = Counter(name.partition(".")[0] for name in names)
    return ", ".join(f"{network} ({n} tensors)" for network, n in counts.items())
