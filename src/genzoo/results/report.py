"""Publishes records, then writes the results pages: the overview and one page per paper."""

import logging
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from genzoo.core.console import log_to_console
from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write
from genzoo.results.details import details
from genzoo.results.experiments import list_experiments, read_experiment
from genzoo.results.overview import of, overview
from genzoo.results.records import publish, read_records
from genzoo.results.tables import read_nodes, read_tables
from genzoo.runs.conf import CONF
from genzoo.runs.schema import Report, check_keys, check_values

log = logging.getLogger("genzoo")


def write_report(cfg: DictConfig) -> str:
    """Publishes runs, if ``cfg.publish`` names any, and writes and prints the pages.

    Args:
        cfg: composed from conf/report.yaml, inside of Hydra.

    Returns:
        The overview.

    Raises:
        GenzooError: a record or an experiment is damaged or unknown, or a run must not be published.
    """
    log_to_console(sys.stderr)  # stdout is for the page
    check_keys(cfg, Report)
    check_values(OmegaConf.to_container(cfg, resolve=True))
    results, page = Path(cfg.results), Path(cfg.page)
    table_files = Path(cfg.table_files or CONF / "tables")
    for key, folder in (("table_files", table_files), ("results", results)):
        if not folder.is_dir() and not (key == "results" and cfg.publish):  # publishing creates it
            raise GenzooError(f"{key}={folder}: there is no such folder; give an existing one.")
    names = list_experiments()
    for folder in [cfg.publish] if isinstance(cfg.publish, str) else cfg.publish or ():
        record = publish(Path(folder), results, lambda name: read_experiment(name) if name in names else None)
        log.info(f"published as {record}")

    # Composing a whole configuration for its hash is slow, so only rows with records are hashed.
    records, tables = read_records(results), read_tables(table_files)
    cells = {name: node["experiment"] for name, node in read_nodes(table_files).items()}
    unmeasured = cells.keys() - records.keys()
    experiments = {name: cells[name] if name in unmeasured else read_experiment(name) for name in names}
    if unknown := records.keys() - experiments.keys():
        raise GenzooError(f"results: there is no experiment {min(unknown)} for its records; add it to conf.")

    rows = list(experiments.values())
    papers = dict.fromkeys(name.split("/")[0] for name in experiments)
    titles = {paper: cfg.papers.get(paper, paper) for paper in papers}
    text = overview(titles, rows, tables, records, cfg.left_out)
    _write(page, text)
    for paper, title in titles.items():
        _write(page.parent / "results" / f"{paper}.md", details(title, of(paper, rows), records))
    print(text)
    return text


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as partial:
        partial.write_text(text)
