"""Trains a model, e.g. ``python train.py model=infogan data=mnist``."""

import hydra
from omegaconf import DictConfig

from genzoo.cli.entry import entry, job


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(cfg: DictConfig) -> None:
    """One run."""
    from genzoo.runs.train import train  # here, so that --help need not import torch

    job(train, cfg)


if __name__ == "__main__":
    entry(main)
