"""Conversion of checkpoints of earlier versions to the current names."""

from collections.abc import Mapping
from typing import Any

# Earlier path of a class -> current path; of those that moved after runs were published, which are hashed as before.
OBJECTIVES = "Minimax", "NonSaturating", "SmoothedLabels", "LeastSquares", "Wasserstein", "Hinge", "BoundarySeeking"
MOVED: Mapping[str, str] = {
    **{f"genzoo.adversarial.objectives.{name}": f"genzoo.nn.objectives.{name}" for name in OBJECTIVES},
    **{f"genzoo.adversarial.matching.{name}": f"genzoo.nn.matching.{name}" for name in ("MeanSquared", "MeanAbsolute")},
    **{f"genzoo.adversarial.penalties.{name}": f"genzoo.nn.penalties.{name}" for name in ("GradientPenalty", "R1")},
}
# The same, of all classes.
ALIASES: Mapping[str, str] = {
    **MOVED,
    "genzoo.csv_logger.CsvLogger": "genzoo.runs.csv_logger.CsvLogger",
    "genzoo.loggers.wandb_logger": "genzoo.runs.loggers.wandb_logger",
    "genzoo.named_data.NamedData": "genzoo.runs.named_data.NamedData",
    "genzoo.core.averages.Exponential": "genzoo.core.averages.EMA",
    "genzoo.core.schedules.Decay": "genzoo.core.schedules.LinearDecay",
    "genzoo.core.schedules.Geometric": "genzoo.core.schedules.ExponentialDecay",
    "genzoo.core.schedules.Halved": "genzoo.core.schedules.StepDecay",
    "genzoo.adversarial.networks.infogan.Recognition": "genzoo.adversarial.networks.infogan.QHead",
}
# Earlier key of a model's setting -> current key.
MODEL_KEYS: Mapping[str, str] = {
    "decay": "gae_lambda",
    "recognition": "q_head",
    "decoding_batch": "sampling_batch",
}
# Earlier prefix of the names of weights -> current prefix.
NETWORKS: Mapping[str, str] = {"recognition.": "q_head."}
# Earlier settings of a game, now one ``round``: two flags and two numbers.
FLAGS, NUMBERS = ("simultaneous", "shared_images"), ("discriminator_steps", "generator_batches")


def with_seen(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """A checkpoint, not yet checked, with the progress counter ``seen``, which earlier versions called ``images``.

    >>> with_seen({"progress": {"rounds": 1, "images": 64}})
    {'progress': {'rounds': 1, 'seen': 64}}
    """
    progress = checkpoint.get("progress")
    if not isinstance(progress, Mapping) or "images" not in progress or "seen" in progress:
        return dict(checkpoint)
    return {**checkpoint, "progress": {"seen" if key == "images" else key: n for key, n in progress.items()}}


def renamed(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """A checked checkpoint with the current names of classes, of the model's settings and of its weights."""
    genzoo = renamed_paths(checkpoint["genzoo"])
    model = genzoo["config"]["model"]
    if not model["_target_"].startswith("genzoo."):  # the settings and weights of a user's own model are unchanged
        return {**checkpoint, "genzoo": genzoo}
    config = {**genzoo["config"], "model": renamed_settings(model)}
    weights = {_network(name): weight for name, weight in checkpoint["state_dict"].items()}
    return {**checkpoint, "genzoo": {**genzoo, "config": config}, "state_dict": weights}


def renamed_paths(config: Any, names: Mapping[str, str] = ALIASES) -> Any:
    """A stored configuration with the current paths of classes, or with others.

    >>> renamed_paths({"csv": {"_target_": "genzoo.csv_logger.CsvLogger"}})
    {'csv': {'_target_': 'genzoo.runs.csv_logger.CsvLogger'}}
    """
    if isinstance(config, Mapping):
        return {key: renamed_paths(value, names) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return [renamed_paths(value, names) for value in config]
    return names.get(config, config) if isinstance(config, str) else config


def as_published(config: Any) -> Any:
    """A configuration with the paths that moved classes had when the first runs were published.

    >>> as_published({"_target_": "genzoo.nn.objectives.Hinge"})
    {'_target_': 'genzoo.adversarial.objectives.Hinge'}
    """
    return renamed_paths(config, {new: old for old, new in MOVED.items()})


def renamed_settings(model: Mapping[str, Any]) -> dict[str, Any]:
    """A model's settings with the current keys; four mutually exclusive settings are replaced by ``round``.

    >>> renamed_settings({"simultaneous": True, "decay": 0.97})
    {'gae_lambda': 0.97, 'round': {'_target_': 'genzoo.adversarial.rounds.Simultaneous'}}
    """
    settings = {MODEL_KEYS.get(key, key): value for key, value in model.items() if key not in FLAGS + NUMBERS}
    if isinstance(network := settings.get("network"), Mapping):
        settings["network"] = _renamed_network(network)
    simultaneous, shared = (bool(model.get(key)) for key in FLAGS)
    alternating = {key: model[key] for key in NUMBERS if model.get(key, 1) != 1}
    if shared:
        at_once = {"at_once": True} if simultaneous else {}
        settings["round"] = {"_target_": "genzoo.adversarial.rounds.Shared", **at_once}
    elif simultaneous:
        settings["round"] = {"_target_": "genzoo.adversarial.rounds.Simultaneous"}
    elif alternating:
        settings["round"] = {"_target_": "genzoo.adversarial.rounds.Alternating", **alternating}
    return settings


def _renamed_network(network: Mapping[str, Any]) -> dict[str, Any]:
    """A network's settings; a causal one has a condition of any width, formerly a number of ``classes``."""
    causal = str(network.get("_target_")).startswith("genzoo.autoregressive.networks.")
    return {"condition" if causal and key == "classes" else key: value for key, value in network.items()}


def _network(name: Any) -> Any:
    for old, new in NETWORKS.items():
        if isinstance(name, str) and name.startswith(old):
            return new + name.removeprefix(old)
    return name
