"""A second data set, chosen by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_class
from omegaconf import OmegaConf

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError, near
from genzoo.core.registry import register
from genzoo.data.module import ImageData
from genzoo.runs.build import build
from genzoo.runs.conf import CONF, option_files


@register
class NamedData:
    """Builds the set ``data=<name>``, with the size, channels and levels of another set as far as they are settings.

    Args:
        name: name of a file in conf/data, or in a folder given by ``--config-dir``.
        root: folder of data sets.
        options: settings of the set that override those of its file.
        key: key of ``options`` in the configuration, for messages.
        setting: key of ``name`` in the configuration, for messages.

    Raises:
        GenzooError: there is no such file; when called: the set cannot be built.

    Example:
        >>> NamedData("noise", root="data")(DataSpec("digits", shape=(1, 28, 28), levels=2)).spec
        DataSpec(name='noise', shape=(1, 28, 28), levels=2, classes=0, factors=(), ...)
    """

    def __init__(
        self,
        name: str,
        root: str | Path,
        options: Mapping[str, Any] | None = None,
        key: str = "metrics.anomaly.data.options",
        setting: str = "metrics.against",
    ):
        files = {one: path for folder in _folders() for one, path in option_files("data", folder).items()}
        if name not in files:
            raise GenzooError(f"{setting}={name}: there is no such data set. {near(name, files)}")
        config = OmegaConf.create({"paths": {"data": str(root)}, "data": OmegaConf.load(files[name])})
        config.data.pop("defaults")  # they are settings of training
        config.data.update(options or {})
        if missing := [key for key in config.data if OmegaConf.is_missing(config.data, key)]:
            raise GenzooError(f"{setting}={name}: data.{missing[0]} is required; give +{key}.{missing[0]}=...")
        self.name, self.options, self.key, self.setting = name, dict(options or {}), key, setting
        self.config = OmegaConf.to_container(config, resolve=True)["data"]

    def __call__(self, like: DataSpec) -> ImageData:
        """Returns the set, not loaded."""
        facts = get_class(self.config["_target_"]).facts
        alike = {key: getattr(like, key) for key in ("size", "channels", "levels") if key not in facts}
        try:
            return build(self.config | alike | self.options, self.key)
        except GenzooError as error:
            raise GenzooError(f"{self.setting}={self.name}: {error}") from error


def _folders() -> list[Path]:
    """Returns the folders of configurations: genzoo's and those of ``--config-dir``."""
    sources = HydraConfig.get().runtime.config_sources if HydraConfig.initialized() else []
    return [CONF, *(Path(source.path) for source in sources if source.schema == "file")]
