"""Hydra plugin: offers each cell of the papers' tables as an option of the group ``experiment/<paper>``."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import OmegaConf

from genzoo.results.tables import read_nodes

GROUP = "experiment"
Nodes = Mapping[str, Mapping[str, Mapping[str, Any]]]  # group -> name -> node


@functools.cache
def _nodes(folder: Path) -> Nodes:
    nodes: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, node in read_nodes(folder).items():
        paper, _, row = name.rpartition("/")
        nodes.setdefault(f"{GROUP}/{paper}", {})[row] = node
    return nodes


class Tables(ConfigSource):
    """A Hydra config source whose configurations are the cells of a folder of tables.

    Hydra's ConfigStore is not used because it copies its whole content on each look-up.
    """

    @property
    def nodes(self) -> Nodes:
        """The configurations of this folder; cached outside of the instance: Hydra deep-copies that on each look-up."""
        return _nodes(Path(self.path))

    @staticmethod
    def scheme() -> str:
        """The scheme of this source's paths in the search path."""
        return "tables"

    def available(self) -> bool:
        """Whether there are tables."""
        return bool(self.nodes)

    def load_config(self, config_path: str) -> ConfigResult:
        """Returns the configuration of one cell."""
        group, name = self._split(config_path)
        config = OmegaConf.create(dict(self.nodes[group][name]))
        return ConfigResult(self.provider, self.full_path(), config, header={"package": "_global_"})

    def is_group(self, config_path: str) -> bool:
        """Whether the path is a group with cells, or a prefix of one."""
        return any(f"{group}/".startswith(f"{config_path.rstrip('/')}/") for group in self.nodes) or not config_path

    def is_config(self, config_path: str) -> bool:
        """Whether the path is a cell."""
        group, name = self._split(config_path)
        return name in self.nodes.get(group, {})

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Returns the names of the subgroups and cells of a group."""
        prefix = f"{config_path.rstrip('/')}/" if config_path else ""
        groups = {group.removeprefix(prefix).split("/")[0] for group in self.nodes if group.startswith(prefix)}
        cells = set(self.nodes.get(config_path.rstrip("/"), ()))
        kept = {ObjectType.GROUP: groups, ObjectType.CONFIG: cells}
        return sorted(groups | cells if results_filter is None else kept[results_filter])

    @staticmethod
    def _split(config_path: str) -> tuple[str, str]:
        group, _, name = config_path.removesuffix(".yaml").rpartition("/")
        return group, name
