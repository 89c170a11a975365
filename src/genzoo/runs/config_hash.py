"""What decides the result of a run, and its hash."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def config_hash(config: Mapping[str, Any]) -> str:
    """A hash of what decides a run's result: recipe, model, data, and how the trainer takes steps.

    Args:
        config: resolved.
    """
    return hashlib.sha256(json.dumps(decisive(config), sort_keys=True).encode()).hexdigest()[:16]


def decisive(config: Mapping[str, Any]) -> dict[str, Any]:
    """What decides a run's result beside its seeds: of weights, order and labels.

    Args:
        config: resolved.
    """
    data = {key: value for key, value in config["data"].items() if key not in ("root", "seed", "offline", "label_seed")}
    for key in ("labels_per_class", "white"):  # of which older configurations do not say that they are null
        if data.get(key) is None:
            data.pop(key, None)
    if data.get("clip_actions"):  # as older configurations did without saying so
        data.pop("clip_actions")
    trainer = {key: config["trainer"][key] for key in ("rounds", "width", "precision")}
    for key, default in (("gradient_clip", None), ("accumulate", 1)):  # said only where it is not the default
        if config["trainer"].get(key, default) != default:
            trainer[key] = config["trainer"][key]
    return {"recipe": config["recipe"], "model": config["model"], "data": data, "trainer": trainer}
