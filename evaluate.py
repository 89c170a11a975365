"""Measures a checkpoint, e.g. ``python evaluate.py ckpt=runs/infogan-mnist/<run>``."""

import hydra
from omegaconf import DictConfig

from genzoo.cli.entry import entry, job


@hydra.main(version_base="1.3", config_path="conf", config_name="evaluate")
def main(cfg: DictConfig) -> None:
    """One evaluation."""
    from genzoo.runs.evaluate import evaluate  # here, so that --help need not import torch

    job(evaluate, cfg)


if __name__ == "__main__":
    entry(main)
