"""Where genzoo's own configurations are."""

from pathlib import Path

import genzoo

_PACKAGE = Path(genzoo.__file__).resolve().parent
_IN_WHEEL, _IN_CHECKOUT = _PACKAGE / "conf", _PACKAGE.parents[1] / "conf"

#: The folder of configurations, also of an editable installation.
CONF = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_CHECKOUT


def option_files(group: str, conf: Path = CONF) -> dict[str, Path]:
    """Returns option of a group -> its file, by name; files that begin with ``_`` are parts of options."""
    return {path.stem: path for path in sorted((conf / group).glob("[!_]*.yaml"))}
