"""Draws learning curves over seeds, e.g. ``genzoo curves 'runs={VIME: <folder of runs>, TRPO: <folder>}'``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.results.curves:draw_curves")
