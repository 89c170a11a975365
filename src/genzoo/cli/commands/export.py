"""Exports a trained model to other programs, e.g. ``genzoo export ckpt=runs/infogan-mnist/<run> to=onnx``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.runs.export:export")
