"""The cache folder: files that are slow to compute or download, kept between runs."""

import os
from pathlib import Path


def cache_folder(given: str | Path | None) -> Path:
    """The given folder, or for None ``$XDG_CACHE_HOME/genzoo``, or ``~/.cache/genzoo``."""
    return Path(given or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "genzoo").expanduser()
