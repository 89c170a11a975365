"""Writes the page of runs, once or again and again."""

import logging
import time
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write
from genzoo.results.gallery.found import run_folders, shown
from genzoo.results.gallery.page import page
from genzoo.runs.context import be_quiet
from genzoo.runs.schema import Gallery, check_keys, check_values

log = logging.getLogger("genzoo")


def write_gallery(cfg: DictConfig) -> Path:
    """Writes the page of runs to one file; with ``live``, again and again, until all runs have ended.

    Args:
        cfg: composed from conf/gallery.yaml.

    Returns:
        The file.

    Raises:
        GenzooError: a folder contains no run, a run is damaged, or the file is none.
    """
    be_quiet()
    check_keys(cfg, Gallery)
    config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check_values(config)
    check_positive("seconds", cfg.seconds)
    out, given = Path(cfg.out), config["runs"] if isinstance(config["runs"], list) else [config["runs"]]
    if out.suffix != ".html":
        raise GenzooError(f"out={cfg.out}: the page is one HTML file; give a name such as out=gallery.html.")
    while True:
        runs = [shown(run) for run in run_folders(given)]
        live = cfg.live and any(run.running for run in runs)
        with atomic_write(out) as partial:
            partial.write_text(page(runs, cfg.seconds if live else None))
        if not live:
            break
        time.sleep(cfg.seconds)
    log.info(f"{len(runs)} runs are in {out}")
    return out
