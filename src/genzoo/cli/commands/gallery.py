"""Writes runs as one HTML page, e.g. ``genzoo gallery runs=[runs/vae-mnist,runs/gan-mnist] out=gallery.html``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.results.gallery.command:write_gallery")
