"""Experiments: rows of papers' tables, from conf/experiment and conf/tables, each with its published numbers."""

import re
from collections.abc import Mapping
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from genzoo.core.errors import GenzooError
from genzoo.runs.config_hash import config_hash

Experiment = Mapping[str, Any]


def list_experiments() -> list[str]:
    """Returns the names of all experiments that Hydra can compose, in natural order (20 before 100)."""
    loader = GlobalHydra.instance().config_loader()
    papers = set(loader.get_group_options("experiment", results_filter=None))
    names = {f"{paper}/{row}" for paper in papers for row in loader.get_group_options(f"experiment/{paper}")}
    return sorted(names, key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def read_experiment(name: str) -> Experiment:
    """Returns the ``experiment`` node of an experiment's configuration, with the hash of that configuration.

    Raises:
        GenzooError: it is incomplete.
    """
    config = OmegaConf.to_container(compose("train", [f"experiment={name}"]), resolve=True)
    return {**checked(config.get("experiment") or {}, name), "config_hash": config_hash(config)}


def checked(experiment: Experiment, name: str) -> Experiment:
    """Returns the experiment after checking that it is complete.

    Raises:
        GenzooError: it lacks its reference, its title or its name.
    """
    for reference in (experiment.get("reference") or {}, *experiment.get("further", ())):
        lacking = [key for key in ("metric", "unit", "value", "source") if key not in reference]
        if lacking:
            raise GenzooError(f"experiment={name}: a reference lacks {', '.join(lacking)}; complete its configuration.")
    if experiment.get("name") != name or "title" not in experiment:
        raise GenzooError(f"experiment={name}: its configuration needs experiment.name={name} and a title.")
    return experiment
