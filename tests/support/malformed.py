"""Checkpoints as nobody writes them, drawn at random from a healthy one."""

import copy
import math
import random
from collections.abc import Iterator
from typing import Any

import torch

VALUES = (
    *(None, True, False, 0, -1, 1, 2, 40, 10**9, 10**12, 2**63, 10**400, 0.5, -1.0, 1e308, math.nan, math.inf),
    *("", "x", "../../outside", "/tmp/outside", "$HOME", "~", "a\nb", "\x00", "\ud800", "x" * 100_000, b"x"),
    *("${oc.env:HOME}", "os.system", "genzoo.core.latent.Uniform", "genzoo.core.latent.Latent"),
    *(
        [],
        {},
        (),
        [1],
        ["x"],
        {"x": 1},
        {"_target_": "os.system"},
        {"_target_": "genzoo.core.latent.Normal", "size": 2},
    ),
    *(torch.zeros(()), torch.zeros(3), torch.full((2, 2), math.nan), torch.zeros(1).expand(1000, 1000)),
)


def places(tree: Any, path: tuple = ()) -> Iterator[tuple]:
    """The paths of all entries."""
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def malformed(healthy: dict, seed: int) -> tuple[dict, str]:
    """A copy with one entry replaced, removed, renamed or added, and what was done.

    Each first entry of the checkpoint, and of ``genzoo``, is as likely as the others, however many values it has.
    """
    chance, checkpoint = random.Random(seed), copy.deepcopy(healthy)
    roots = [(key,) for key in checkpoint if key != "genzoo"] + 3 * [("genzoo", key) for key in checkpoint["genzoo"]]
    root = chance.choice(roots)
    inner = checkpoint
    for key in root:
        inner = inner[key]
    *path, last = chance.choice([root, *places(inner, root)])
    parent = checkpoint
    for key in path:
        parent = parent[key]
    action = chance.choice(["replace", "replace", "replace", "remove", "rename", "add", "itself", "like"])
    value = chance.choice(VALUES)
    if action == "remove":
        del parent[last]
    elif action == "rename" and isinstance(parent, dict):
        parent[f"{last}_"] = parent.pop(last)
    elif action == "add" and isinstance(parent, dict):
        parent["more"] = value
    elif action == "itself":
        parent[last] = parent
    elif action == "like":  # another value of the same type
        other = parent[last]
        if torch.is_tensor(other):
            parent[last] = chance.choice([other.double(), other[..., None], other.flatten()[:1], other * math.nan])
        else:
            parent[last] = type(other)() if other is not None else value
    else:
        action, parent[last] = "replace", value
    return checkpoint, f"{action} {'.'.join(map(str, (*path, last)))} ({value!r:.40})"
