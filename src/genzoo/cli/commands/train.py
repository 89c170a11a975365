"""Trains a model, e.g. ``genzoo train model=infogan data=mnist``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.runs.train:train")
