"""Shows a trained model in the browser, e.g. ``genzoo explore ckpt=runs/infogan-mnist/<run>``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.app.server:explore")
