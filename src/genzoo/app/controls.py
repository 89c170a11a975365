"""The controls of a latent code, and the changes that they make."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genzoo.app.explored import Explored
from genzoo.core.directions import COUNT, WIDE, principal_directions, random_directions, wide
from genzoo.core.latent import Categorical, Latent
from genzoo.core.randomness import generator

LIMIT = 3.0  #: largest multiple of the directions of a wide part
KINDS = ("principal", "random", "first dimensions")  #: of directions of wide parts


class Control(NamedTuple):
    """One slider, or the buttons of a categorical part.

    Args:
        name: for people.
        part: name of the part of the code.
        index: of the part's direction that the slider moves along; None for a categorical part, whose value is set.
        limit: largest multiple of the direction.
    """

    name: str
    part: str
    index: int | None
    limit: float = 0.0


def controls(latent: Latent) -> list[Control]:
    """The controls of each part: its categories, its dimensions, or some directions if it is wide."""
    found = []
    for name, part in latent.parts.items():
        if isinstance(part, Categorical):
            found.append(Control(name, name, None))
        elif part.size <= WIDE:
            found += [Control(f"{name} {i}", name, i, getattr(part, "limit", 2.0)) for i in range(part.size)]
        else:
            found += [Control(f"{name}, direction {i + 1}", name, i, LIMIT) for i in range(COUNT)]
    return found


def directions(model: Explored, kind: str) -> dict[str, Tensor]:
    """Continuous part -> the directions of its controls, (k, size): its dimensions, or if it is wide, four of a kind.

    Args:
        model: a model that decodes.
        kind: one of ``KINDS``.
    """
    latent, found = model.module.latent, {}
    for name in dict.fromkeys(control.part for control in controls(latent) if control.index is not None):
        drawn = generator(0, "explorer", "directions")
        if name not in wide(latent) or kind == "first dimensions":
            found[name] = torch.eye(latent.parts[name].size)
        elif kind == "principal":
            found[name] = principal_directions(model.module, name, drawn)
        else:
            found[name] = random_directions(latent, name, drawn)
    return found


def initial(latent: Latent, code: Tensor) -> list[float]:
    """The values of the controls at which a code (latent.width,) is unchanged."""
    parts, values = latent.split(code), []
    for control in controls(latent):
        value = parts[control.part]
        if control.index is None:
            values.append(int(value.argmax()))
        else:
            values.append(0.0 if control.part in wide(latent) else float(value[control.index]))
    return values


def changed(latent: Latent, code: Tensor, ways: Mapping[str, Tensor], values: Sequence[float]) -> Tensor:
    """The code (latent.width,) with the values of the controls, which move along ``directions``."""
    parts = dict(latent.split(code))
    for control, value, before in zip(controls(latent), values, initial(latent, code), strict=True):
        if control.index is not None:
            parts[control.part] = parts[control.part] + (value - before) * ways[control.part][control.index]
        elif value != before:
            parts[control.part] = torch.eye(latent.parts[control.part].size)[int(value)]
    return latent.join(parts)
