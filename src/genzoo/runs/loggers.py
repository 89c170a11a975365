"""A W&B logger that works without an account, a network or prompts."""

import logging
import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.loggers.logger import DummyLogger, Logger
from pytorch_lightning.utilities import rank_zero_only

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register_logger
from genzoo.runs.stored_id import StoredId

log = logging.getLogger("genzoo")


@register_logger
def wandb_logger(save_dir: str, offline: bool | None = None, timeout: float = 20.0, **options: Any) -> Logger:
    """Returns the W&B logger of a run folder; offline without a login or network, or if WANDB_MODE says so.

    The W&B id is stored in the folder before W&B starts, so that a resumed run continues the same W&B run.

    Args:
        save_dir: the run folder.
        offline: True = offline; False = online; None = offline unless there is a login.
        timeout: seconds to wait for the server before going offline.
        options: arguments of ``wandb.init``: project, name, tags ...

    Raises:
        GenzooError: wandb is not installed.
    """
    os.environ.setdefault("WANDB_SILENT", "true")
    try:
        import wandb
    except ImportError as error:
        raise GenzooError("logger=wandb: wandb is not installed; pip install wandb, or use logger=csv.") from error

    @rank_zero_only
    def start() -> Any:
        online = _is_logged_in() if offline is None else not offline
        stored = StoredId(Path(save_dir) / "wandb" / "id")
        run_id = options.pop("id", None) or stored.read() or stored.write(secrets.token_hex(5))
        for mode in ("online", "offline") if online else ("offline",):
            settings = wandb.Settings(mode=mode, init_timeout=timeout, **_SETTINGS)
            try:
                return wandb.init(dir=save_dir, id=run_id, resume="allow", settings=settings, **options)
            except TypeError:  # an unknown option
                raise
            except Exception as error:  # from the network, the account, the disk, or W&B's own process
                reason = str(error).splitlines()[0]
                instead = "logging offline, `wandb sync` uploads later" if mode == "online" else "continuing without it"
                log.warning(f"W&B cannot be reached ({reason}); {instead}")
                with suppress(Exception):
                    wandb.teardown()  # else its process would treat the id as in use
        return None

    run = start()
    if run is None:  # W&B failed, or this is not rank 0
        return DummyLogger()
    run.define_metric("trainer/global_step")
    run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    return WandbLogger(experiment=run, save_dir=save_dir)


_SETTINGS = {
    "console": "off",
    "finish_timeout": 600.0,  # seconds; a lost network does not block a sweep; `wandb sync` uploads the rest
    # W&B's picture is a relative link to the file in samples/, which stays valid if the folder is moved.
    "allow_media_symlink": True,
    "symlink": False,
}


def _is_logged_in() -> bool:
    """Whether W&B has a login; never prompts, and does not wait for the server."""
    import wandb

    if os.environ.get("WANDB_MODE", "online") != "online":  # an explicit mode takes precedence
        return False
    try:
        return wandb.login(prompt=False, verify=False)
    except Exception:  # an invalid key, or an error of W&B's process
        return False


def close_wandb() -> None:
    """Finishes the current W&B run, if any, so that the next run of this process starts a new one."""
    if not (wandb := sys.modules.get("wandb")):
        return
    try:
        wandb.finish()
    except Exception:  # its process has ended, and the logger has logged a warning
        from wandb.sdk.lib.module import unset_globals

        unset_globals()
        with suppress(Exception):
            wandb.teardown()  # else W&B prints a traceback when Python exits
