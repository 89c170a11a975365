"""Lists the options of groups, e.g. ``genzoo list model data`` or ``genzoo list experiment=gail``."""

import sys

from genzoo.cli.entry import entry


def _list() -> None:
    from genzoo.cli.help import options_text
    from genzoo.runs.conf import CONF

    groups = sys.argv[1:]
    print(__doc__.replace("`", "") if {"--help", "-h"} & set(groups) else options_text(CONF, groups))


if __name__ == "__main__":
    entry(_list)
