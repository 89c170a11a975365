"""Resident memory over 2,000 rounds of a run with everything on: it must not grow.

    python benchmarks/memory.py

Narrow networks, so that what would leak is not hidden by what the networks need.
"""

import tempfile
from pathlib import Path

import pytorch_lightning as pl
from hydra import compose, initialize_config_dir

from genzoo.runs.train import train

CONF = Path(__file__).resolve().parents[1] / "conf"


class Watch(pl.Callback):
    """Prints the resident memory every 400 rounds."""

    def on_train_batch_end(self, trainer, module, *_):
        """Reads /proc, so Linux only."""
        if module.progress.rounds % 400 == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            print(f"round {module.progress.rounds}: {pages * 4096 / 2**20:.1f} MiB resident", flush=True)


def main():
    """One run."""
    with tempfile.TemporaryDirectory() as runs, initialize_config_dir(str(CONF), version_base="1.3"):
        train(
            compose(
                "train",
                [
                    *("data=shapes", "data.size=28", "data.channels=1", "trainer=smoke", "trainer.rounds=2000"),
                    *(f"paths.runs={runs}", "+callbacks.watch._target_=__main__.Watch"),
                ],
            )
        )


if __name__ == "__main__":
    main()
