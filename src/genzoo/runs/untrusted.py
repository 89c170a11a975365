"""Checkpoints are untrusted: their stored settings must not choose devices, files or servers of this machine."""

from collections.abc import Collection, Mapping
from typing import Any

from genzoo.core.errors import GenzooError
from genzoo.core.files import plain_name

# Devices, processes, and arbitrary arguments of Lightning's Trainer.
MACHINE = ("devices", "strategy", "options")
# Options of metrics and callbacks that name a file or folder to write to.
PLACES = ("cache", "storage")
# Loggers that a checkpoint may name, and allowed options; any other, unless null, could be a folder, an account or a
# server.
LOGGERS: Mapping[str, Collection[str]] = {
    "genzoo.runs.csv_logger.CsvLogger": (),
    "genzoo.runs.aim_logger.aim_logger": ("experiment", "run_name"),
    "genzoo.runs.comet_logger.comet_logger": ("project", "name", "online", "tags"),
    "genzoo.runs.mlflow_logger.mlflow_logger": ("experiment_name", "run_name", "tags"),
    "genzoo.runs.loggers.wandb_logger": ("project", "name", "offline", "timeout", "tags", "group", "notes", "job_type"),
    "pytorch_lightning.loggers.CSVLogger": ("name", "version", "flush_logs_every_n_steps"),
    "pytorch_lightning.loggers.TensorBoardLogger": ("name", "version"),
}
# Options that keep a logger offline, and the value that does.
OFFLINE: Mapping[str, bool] = {"offline": True, "online": False}


def check_trainer(stored: Mapping[str, Any], now: Mapping[str, Any], given: Collection[str]) -> dict[str, Any]:
    """Returns the trainer settings of a resumed run: its own, but devices and processes of the current configuration.

    Args:
        stored: trainer settings of the checkpoint.
        now: trainer settings of the current configuration.
        given: keys and groups named on the command line.

    Raises:
        GenzooError: devices or processes differ, and the command line does not name them.
    """
    for key in MACHINE:
        named = "trainer" in given or any(f"{name}.".startswith(f"trainer.{key}.") for name in given)
        if stored[key] != now[key] and not named:
            raise GenzooError(
                f"resume: the run was trained with trainer.{key}={str(stored[key])[:100]}, but a checkpoint does "
                f"not choose devices or processes; repeat this setting to keep it, or give trainer.{key}={now[key]}."
            )
    return {**stored, **{key: now[key] for key in MACHINE}}


def check_shown(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Returns metrics, callbacks and loggers of a checkpoint, without paths on this machine.

    Raises:
        GenzooError: a logger is not one of ``LOGGERS``, has another option, or a name that is a path.
    """
    for name, logger in (shown.get("logger") or {}).items():
        if logger:
            _check_logger(f"logger.{name}", logger)
            for option, kept in OFFLINE.items():
                if option in logger and logger[option] is not kept:
                    logger[option] = None  # this machine decides whether to contact a server
    return _without_places(shown)


def _check_logger(key: str, logger: Any) -> None:
    target = str(logger.get("_target_") if isinstance(logger, Mapping) else None)
    given = {option for option, value in logger.items() if value is not None} if target in LOGGERS else set()
    strange = sorted(map(str, given - {"_target_", *LOGGERS.get(target, ())}))
    if target not in LOGGERS or strange:
        what = f"{key}.{strange[0]}" if strange else f"{key}._target_={target}"
        raise GenzooError(
            f"resume: the checkpoint stores {what[:200]}, but a checkpoint does not choose accounts, servers or "
            "folders; give the run's loggers again (logger=csv ...)."
        )
    for option in ("name", "version"):  # W&B's name is not a path
        if isinstance(logger.get(option), str) and target.startswith("pytorch_lightning"):
            plain_name(f"resume: the checkpoint's {key}.{option}", logger[option])


def _without_places(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: None if key in PLACES else _without_places(value) for key, value in tree.items()}
    return [_without_places(value) for value in tree] if isinstance(tree, list | tuple) else tree
