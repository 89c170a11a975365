"""Measures a checkpoint, e.g. ``genzoo evaluate ckpt=runs/infogan-mnist/<run>``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.runs.evaluate:evaluate")
