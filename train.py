"""Trains a model, e.g. ``python train.py model=infogan data=mnist``; the same as ``genzoo train``."""

import sys

from genzoo.cli.main import run_command

if __name__ == "__main__":
    run_command("train", sys.argv[1:])
