"""The lesson: three small models learn the same digits and are compared in the explorer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genzoo.api import train
from genzoo.app.server import check_gradio, free_port, show
from genzoo.runs.context import be_quiet
from genzoo.runs.run import Run
from genzoo.runs.schema import Lesson, check_keys, check_values


def teach(cfg: DictConfig) -> None:
    """Trains the models of the lesson that are not trained yet, and shows all of them until it is interrupted.

    Args:
        cfg: composed from conf/lesson.yaml.

    Raises:
        GenzooError: a setting is wrong, gradio is not installed, or the port is in use.
        KeyboardInterrupt: a training was interrupted; the same command continues it.
    """
    be_quiet()
    check_keys(cfg, Lesson)
    config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check_values(config)
    check_gradio()
    port = free_port(cfg.port)
    paths = config["paths"]
    runs = [trained(name, settings, paths) for name, settings in config["models"].items()]
    given = {"browser": cfg.browser, "device": "cpu", "data": {"root": None}, "trust": [], "paths": paths}
    show([str(run.folder) for run in runs], given, port)


def trained(name: str, settings: Mapping[str, Any], paths: Mapping[str, str]) -> Run:
    """The finished run of a model of the lesson; one that was begun before is continued.

    Args:
        name: of the model; its run is in the folder ``lesson/<name>`` of all runs.
        settings: of ``genzoo train``.
        paths: see conf/paths.
    """
    folder = Path(paths["runs"]) / "lesson" / name
    if any(folder.glob("**/last.ckpt")):
        return train(resume="last", **{"paths.runs": str(folder)})
    return train(**settings, **{"paths.runs": str(folder), "paths.data": paths["data"]})
