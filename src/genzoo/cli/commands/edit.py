"""Edits a picture by coloured strokes, e.g. ``genzoo edit ckpt=<run> image=a.png strokes=b.png out=edits/a``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.runs.edit:edit")
