"""Evaluation of checkpoints, with the configuration stored in each."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genzoo.core.checkpoints import load_checkpoint
from genzoo.core.errors import GenzooError, near
from genzoo.core.files import write_json
from genzoo.core.registry import trust
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SPLITS
from genzoo.data.source import Data
from genzoo.metrics.errors import ClassificationErrors
from genzoo.metrics.evaluation import capable
from genzoo.metrics.evaluation import evaluate as apply_metrics
from genzoo.runs import resume, schema
from genzoo.runs.artifacts import save_artifacts
from genzoo.runs.build import build, build_data, build_metrics
from genzoo.runs.conf import CONF
from genzoo.runs.context import be_quiet
from genzoo.runs.ensemble import check_alike, check_capable, measure
from genzoo.runs.folders import create_run_folder
from genzoo.runs.found import find_measured
from genzoo.runs.load import find_device, restored
from genzoo.runs.overrides import given_now
from genzoo.runs.provenance import marks_of, origin_of
from genzoo.runs.schema import check_keys, check_values, of_chosen_metrics
from genzoo.runs.summary import headlines, summarise

log = logging.getLogger("genzoo")

UNREAD = "an evaluation does not read it, but takes it from the checkpoint"


def evaluate(cfg: DictConfig) -> dict[str, float]:
    """Evaluates a checkpoint, with its stored configuration, with all metrics that the model's capabilities allow.

    For several checkpoints, counts the errors of their ensemble.

    Args:
        cfg: composed from conf/evaluate.yaml.

    Returns:
        The metrics, which are also written to ``metrics.json`` in the evaluation's folder, with the pictures.

    Raises:
        GenzooError: the checkpoint is missing, damaged, refused, or does not fit; every metric failed; a given key is
            not read by an evaluation.
    """
    # Check the configuration before a checkpoint is read.
    be_quiet()
    check_keys(cfg, schema.Evaluation, given_now()[1], UNREAD)
    cfg = of_chosen_metrics(cfg)
    check_values(OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True))
    trust(cfg.trust)
    if cfg.split not in SPLITS:
        raise GenzooError(f"split={cfg.split}: unknown. {near(cfg.split, SPLITS)}")
    paths = find_measured(cfg.ckpt, "ckpt")
    if len(paths) > 1:
        return _evaluate_ensemble(cfg, paths)
    # Restore model and data from the checkpoint's own configuration.
    (path,) = paths
    checkpoint = load_checkpoint(path)
    config, data, module = _restored(checkpoint, path, cfg)
    _load_data(data, config, checkpoint)

    # Skip metrics that need a missing capability; raise only if none is left.
    metrics = build_metrics(OmegaConf.to_container(cfg, resolve=True))
    able = capable(metrics, module, data)
    skipped = [name for name in metrics if name not in able]
    if skipped and not able:
        raise GenzooError(
            f"metrics={','.join(skipped)}: {config['recipe']['name']} lacks the capability, or data={data.name} is of "
            f"another kind; available: {', '.join(_capable_of(module, data))}."
        )
    if skipped:
        log.info(f"skipped, since the model lacks the capability or the data are of another kind: {', '.join(skipped)}")
    # Compute the metrics; write pictures and metrics.json.
    folder = create_run_folder(path.parent / "evaluation", cfg.split, config["seed"])
    log.info(f"{config['recipe']['name']} after {module.progress.rounds} rounds, on {data.name} ({cfg.split})")
    found = apply_metrics(able, module, data, cfg.split)
    save_artifacts(found, folder)
    trained_by = checkpoint["genzoo"]["trained_by"]
    early = resume.finished(path.parent, checkpoint, config["trainer"]["rounds"])  # a run that has ended early
    state = {"state": early["state"]} if early else {}
    result = summarise(config, data, module, found, trained_by=trained_by, checkpoint=path.name, **state)
    write_json(folder / "metrics.json", result)
    # Log the main values; an evaluation without any result fails with the error of its metric.
    for name, value in headlines(found.values).items():
        log.info(f"{name} {value:.4f}")
    pictures = len(found.pictures) + len(found.animations)
    log.info(f"metrics.json, {pictures} pictures and {len(found.pages)} pages are in {folder}")
    for name in found.files:
        log.info(f"{folder / name}")
    if not (found.values or pictures or found.pages or found.files):
        for error in found.errors.values():
            raise error
    return dict(found.values)


def _evaluate_ensemble(cfg: DictConfig, paths: Sequence[Path]) -> dict[str, float]:
    """Counts the errors of an ensemble and of each member (``members`` in ``metrics.json``)."""
    checkpoints = [load_checkpoint(path) for path in paths]
    stored = [checkpoint["genzoo"] for checkpoint in checkpoints]
    check_alike(paths, stored)
    restored = [_restored(checkpoint, path, cfg) for checkpoint, path in zip(checkpoints, paths, strict=True)]
    modules = [module for *_, module in restored]
    config, data, _ = restored[0]
    metric = build(cfg.metrics.get("errors"), "metrics.errors") or ClassificationErrors()
    check_capable(paths, modules)
    _load_data(data, config, checkpoints[0])

    found, errors = measure(modules, metric, data, cfg.split)
    members = [
        {"checkpoint": str(path), "seed": one["config"]["seed"], "rounds": module.progress.rounds, "errors": wrong}
        for path, one, module, wrong in zip(paths, stored, modules, errors, strict=True)
    ]
    least = min(modules, key=lambda module: module.progress.rounds)  # the ensemble is unfinished if a member is
    trained_by = ", ".join(dict.fromkeys(version for one in stored for version in one["trained_by"].split(", ")))
    labels = config["data"].get("label_seed", 0)  # ensembles of one experiment differ in it
    result = summarise(config, data, least, found, trained_by=trained_by, members=members, seed=labels)
    name = f"{config['recipe']['name']}-{data.name}"
    folder = create_run_folder(Path(cfg.paths.runs) / "ensembles", name, config["seed"])
    write_json(folder / "metrics.json", result)
    what = f"{len(members)} x {config['recipe']['name']}"
    log.info(f"ensemble of {what}, on the {cfg.split} images of {data.name}: errors only, no other metrics")
    for member in members:
        log.info(
            f"seed {member['seed']}, {member['rounds']} rounds: {member['errors']} errors ({member['checkpoint']})"
        )
    for key, value in found.values.items():
        log.info(f"{key} {value:.4f}")
    log.info(f"metrics.json is in {folder}")
    return dict(found.values)


def _restored(checkpoint: Mapping[str, Any], path: Path, cfg: DictConfig) -> tuple[dict[str, Any], Data, RoundModule]:
    """Returns the configuration of a checkpoint, its data (not loaded) and its module, on the device."""
    stored, now = checkpoint["genzoo"]["config"], OmegaConf.to_container(cfg, resolve=True)
    config = {**stored, "data": resume.relocate(stored, now, cfg.data.root)}
    data, module = build_data(config), restored(checkpoint, path)
    return config, data, module.to(find_device(cfg.device))


def _load_data(data: Data, config: dict[str, Any], checkpoint: Mapping[str, Any]) -> None:
    """Loads the data of an evaluation, and notes in the configuration if they differ from the training data."""
    data.prepare_data()
    data.setup()
    origin = origin_of(data)
    config["marks"] = marks_of(config, origin)
    if (trained := checkpoint["genzoo"]["data"]) != origin:
        config["marks"].append(f"other {data.content}")
        log.warning(f"trained on data.source={trained['source']}, but evaluated on other {data.content}: {data.source}")


def _capable_of(module: RoundModule, data: Data) -> list[str]:
    """Returns the metrics of conf/metrics that the module's capabilities and the kind of the data allow."""
    root, names = CONF / "metrics", []
    for path in sorted(root.glob("*.yaml")):
        config = OmegaConf.create({"paths": {"data": ""}, "metrics": OmegaConf.load(path)})
        if "defaults" not in config.metrics:  # skip combinations of several metrics
            names += capable(build_metrics(OmegaConf.to_container(config, resolve=True)), module, data)
    return names
