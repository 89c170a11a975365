"""Where things that took long to make or to fetch are kept between runs."""

import os
from pathlib import Path


def cache_folder(given: str | Path | None) -> Path:
    """The folder given; None = ``$XDG_CACHE_HOME/genzoo``, or ``~/.cache/genzoo``."""
    return Path(given or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "genzoo").expanduser()
