"""The Python API: what ``import genzoo`` offers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from genzoo.cli.explanations import explain
from genzoo.core.errors import GenzooError
from genzoo.runs import train as training
from genzoo.runs.conf import CONF, option_files
from genzoo.runs.load import load as load
from genzoo.runs.run import Run as Run


def train(model: str | None = None, data: str | None = None, **overrides: Any) -> Run:
    """Trains a model and evaluates it, as ``genzoo train model=... data=...`` does.

    With several devices, each further process runs the calling script from its beginning, as Lightning does.

    Args:
        model: a name of ``list_models()``; None: infogan, or that of the run that is resumed.
        data: a name of ``list_data()``; None: mnist, or likewise.
        overrides: further settings; dotted keys are given as a dictionary, ``**{"trainer.rounds": 100}``.

    Returns:
        The run: its ``folder``, ``metrics`` and ``model``.

    Raises:
        GenzooError: a setting is unknown or wrong.
        KeyboardInterrupt: the run was interrupted; checkpoint, pictures and metrics are written.

    Examples:
        >>> train("gan", "shapes", trainer="smoke", **{"data.sise": 28})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: data.sise: there is no such key with data=shapes. Did you mean data.size or ...
    """
    chosen = {key: name for key, name in (("model", model), ("data", data)) if name is not None}
    with configured({**chosen, **overrides}) as cfg:
        return training.train(cfg)


@contextmanager
def configured(overrides: Mapping[str, Any]) -> Iterator[DictConfig]:
    """Inside, Hydra is as on a command line of ``genzoo train``, whose configuration this yields.

    Args:
        overrides: settings by dotted key; keys of the group's own file are replaced, new ones begin with ``+``.

    Raises:
        GenzooError: a setting is unknown or wrong.
    """
    given = [f"{key}={written(value)}" for key, value in overrides.items()]
    with _outer_hydra_set_aside():
        try:
            with initialize_config_dir(str(CONF), version_base="1.3"):
                cfg = compose("train", given, return_hydra_config=True)
                HydraConfig.instance().set_config(cfg)  # as on a command line with these overrides
                yield OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])
        except (HydraException, OmegaConfBaseException) as error:
            raise GenzooError(explain(error, CONF, "train", given)) from None


def list_models() -> list[str]:
    """Returns the names of all models.

    Examples:
        >>> "infogan" in list_models()
        True
    """
    return list(option_files("model"))


def list_data() -> list[str]:
    """Returns the names of all data sets and environments.

    Examples:
        >>> "mnist" in list_data()
        True
    """
    return list(option_files("data"))


def written(value: Any) -> str:
    """Returns a value as Hydra's command line takes it.

    >>> written({"low": 0.5, "names": ["it's", None, True, "gan", "true"]})
    "{low:0.5,names:['it\\\\'s',null,true,gan,'true']}"
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(written, value)) + "]"
    text = str(value)
    if text.isascii() and text.isidentifier() and text.lower() not in ("true", "false", "null", "nan", "inf"):
        return text
    # In quotes, Hydra takes a backslash as itself, except before a quote.
    return "'" + re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + found[2].replace("'", "\\'"), text) + "'"


@contextmanager
def _outer_hydra_set_aside() -> Iterator[None]:
    """Inside, Hydra has no state; afterwards it has its former one, of the application that this may be part of."""
    hydra, config = GlobalHydra.instance().hydra, HydraConfig.instance().cfg
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().hydra, HydraConfig.instance().cfg = hydra, config
