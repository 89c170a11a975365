"""Writes docs/options.md from the files in conf: python scripts/write_options.py."""

from pathlib import Path

from genzoo.cli.options_page import options_page

ROOT = Path(__file__).parents[1]

if __name__ == "__main__":
    (ROOT / "docs" / "options.md").write_text(options_page(ROOT / "conf"))
