"""python curves.py 'runs={VIME: <folder of runs>, TRPO: <folder of runs>}': learning curves over seeds."""

import hydra
from omegaconf import DictConfig

from genzoo.cli.entry import entry, job


@hydra.main(version_base="1.3", config_path="conf", config_name="curves")
def main(cfg: DictConfig) -> None:
    """One picture."""
    from genzoo.results.curves import draw_curves

    job(draw_curves, cfg)


if __name__ == "__main__":
    entry(main)
