"""The hash of all settings that determine the result of a run."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from genzoo.core.earlier import as_published

UNDECISIVE = ("root", "file", "path", "seed", "offline", "label_seed")  #: settings of data


def config_hash(config: Mapping[str, Any]) -> str:
    """Returns a hash of the settings that determine a run's result: recipe, model, data, optimization.

    Args:
        config: resolved configuration.
    """
    return hashlib.sha256(json.dumps(decisive(config), sort_keys=True).encode()).hexdigest()[:16]


def decisive(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that determine a run's result, without its seeds (of weights, data order and labels).

    Args:
        config: resolved configuration.
    """
    data = {key: value for key, value in config["data"].items() if key not in UNDECISIVE}
    # Older configurations lack these keys, whose default is null.
    for key in ("labels_per_class", "only_classes", "white"):
        if data.get(key) is None:
            data.pop(key, None)
    if data.get("fit") == "crop":  # older configurations lack the key and always cropped
        data.pop("fit")
    if data.get("clip_actions"):  # older configurations lack the key and always clipped
        data.pop("clip_actions")
    trainer = {key: config["trainer"][key] for key in ("rounds", "width", "precision")}
    for key, default in (("gradient_clip", None), ("accumulate", 1)):  # included only if not the default
        if config["trainer"].get(key, default) != default:
            trainer[key] = config["trainer"][key]
    return {"recipe": config["recipe"], "model": as_published(config["model"]), "data": data, "trainer": trainer}
