"""Draws samples from a model as files, e.g. ``genzoo sample ckpt=runs/infogan-mnist/<run> n=1000 out=samples``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.runs.sample:sample")
