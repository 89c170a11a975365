"""Shows a trained model in the browser, or trains a small one there, e.g. ``genzoo explore ckpt=runs/<run>``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.app.server:explore")
