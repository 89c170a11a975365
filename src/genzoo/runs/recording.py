"""Recording of demonstrations by published experts."""

import logging
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from genzoo.core.console import log_to_console
from genzoo.core.files import atomic_write
from genzoo.metrics.demonstrations import FILE, RecordDemonstrations
from genzoo.reinforcement.experts import PublishedExpert, read_expert
from genzoo.runs.build import build_data
from genzoo.runs.schema import Demonstrate, check_keys, check_values

log = logging.getLogger("genzoo")


def record(cfg: DictConfig) -> dict[str, float]:
    """Runs a published expert and writes its trajectories to a file for ``data.demonstrations``.

    Args:
        cfg: composed from conf/demonstrate.yaml.

    Returns:
        The mean and the standard deviation of the trajectories' returns.

    Raises:
        GenzooError: the expert is missing, or does not fit the environment.
    """
    log_to_console(sys.stdout)
    check_keys(cfg, Demonstrate)
    config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check_values(config)
    data = build_data(config)
    expert = PublishedExpert(read_expert(Path(cfg.expert)), data.id)
    expert.check_data(data.spec)
    found = RecordDemonstrations(cfg.trajectories, cfg.deterministic, cfg.seed)(expert, data, "test")
    with atomic_write(Path(cfg.to)) as partial:
        partial.write_bytes(found.files[FILE])
    values = {name: float(value) for name, value in found.values.items()}
    mean, std = values.values()
    log.info(f"{cfg.trajectories} trajectories in {data.id}, returns {mean:.2f} ± {std:.2f} -> {cfg.to}")
    return values
