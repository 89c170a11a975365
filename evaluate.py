"""Measures a checkpoint, e.g. ``python evaluate.py ckpt=runs/infogan-mnist/<run>``; the same as ``genzoo evaluate``."""

import sys

from genzoo.cli.main import run_command

if __name__ == "__main__":
    run_command("evaluate", sys.argv[1:])
