"""python report.py: the papers' numbers beside ours (docs/RESULTS.md), from the records in results/."""

import hydra
from omegaconf import DictConfig

from genzoo.cli.entry import entry, job


@hydra.main(version_base="1.3", config_path="conf", config_name="report")
def main(cfg: DictConfig) -> None:
    """One report."""
    from genzoo.results.report import write_report

    job(write_report, cfg)


if __name__ == "__main__":
    entry(main)
