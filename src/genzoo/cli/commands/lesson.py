"""Trains three small models on the same digits and shows them side by side, e.g. ``genzoo lesson``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.app.lesson:teach")
