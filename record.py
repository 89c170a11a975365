"""Records demonstrations by a published expert, e.g. ``python record.py data=hopper expert=log_Hopper-v0_3.h5``."""

import hydra
from omegaconf import DictConfig

from genzoo.cli.entry import entry, job


@hydra.main(version_base="1.3", config_path="conf", config_name="record")
def main(cfg: DictConfig) -> None:
    """One file."""
    from genzoo.runs.recording import record

    job(record, cfg)


if __name__ == "__main__":
    entry(main)
