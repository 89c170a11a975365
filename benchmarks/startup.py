"""Seconds from the command to the help text, and to the first round of the main job.

python benchmarks/startup.py        # at most 3 s and 12 s on two cores
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRAIN = Path(__file__).resolve().parents[1] / "train.py"


def main():
    """Prints both, twice: the first time files may come from disk."""
    for _ in range(2):
        start = time.perf_counter()
        subprocess.run([sys.executable, TRAIN, "--help"], check=True, stdout=subprocess.DEVNULL)
        print(f"--help {time.perf_counter() - start:.2f} s")
        with tempfile.TemporaryDirectory() as runs:
            arguments = [
                "model=infogan",
                "data=mnist",
                "trainer=quick",
                "trainer.rounds=1",
                "metrics=none",
                f"paths.runs={runs}",
            ]
            start = time.perf_counter()
            with subprocess.Popen([sys.executable, TRAIN, *arguments], stdout=subprocess.PIPE, text=True) as process:
                # The line that announces the first round is printed when everything is ready for it.
                next(line for line in process.stdout if line.startswith("infogan on mnist"))
                print(f"until the first round begins {time.perf_counter() - start:.2f} s")
                process.stdout.read()


if __name__ == "__main__":
    main()
