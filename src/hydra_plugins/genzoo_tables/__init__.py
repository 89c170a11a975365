"""Makes every cell of the papers' tables an option of ``experiment``."""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.plugins.search_path_plugin import SearchPathPlugin

from genzoo.results.tables import read_tables


class Tables(SearchPathPlugin):
    """Stores the tables that lie beside the primary configuration as nodes of ``experiment/<paper>``."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Called by Hydra when it starts."""
        for element in search_path.get_path():
            if element.provider == "main":
                _store(Path(element.path.removeprefix("file://")) / "tables")


def _store(folder: Path) -> None:
    for table in read_tables(folder):
        for node in table.experiments.values():
            group, _, name = node["experiment"]["name"].rpartition("/")
            ConfigStore.instance().store(name, node, f"experiment/{group}", "_global_")
