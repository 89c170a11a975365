"""Hydra plugin: every project with genzoo installed composes genzoo's configurations and tables, beside its own."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from genzoo.runs.conf import CONF


class GenzooConf(SearchPathPlugin):
    """Adds genzoo's configurations after those of the program, and the folder ``tables`` of both."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Called by Hydra when it starts."""
        own = [element.path for element in search_path.get_path() if element.provider == "main"]
        folders = [path.removeprefix("file://") for path in own]
        if str(CONF) not in folders:
            search_path.append("genzoo", f"file://{CONF}")
            folders.append(str(CONF))
        for folder in folders:
            search_path.append("tables", f"tables://{folder}/tables")
