"""The pictures that a run has kept over its rounds."""

import re
from pathlib import Path

NAME = re.compile(r"(?P<kind>.+)-(?P<rounds>\d+)\.png")


def kept_pictures(run: Path) -> dict[str, dict[int, Path]]:
    """The pictures of a run folder: kind -> rounds, in order -> file; ``grid-000100.png`` is of the kind ``grid``."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted((run / "samples").glob("*.png")):
        if match := NAME.fullmatch(path.name):
            found.setdefault(match["kind"], {})[int(match["rounds"])] = path
    return found
