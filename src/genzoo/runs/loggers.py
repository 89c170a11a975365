"""W&B that needs no account, no network and no answer to a prompt."""

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
from genzoo.core.files import atomic_write
from genzoo.core.registry import register

log = logging.getLogger("genzoo")


@register
def wandb_logger(save_dir: str, offline: bool | None = None, timeout: float = 20.0, **options: Any) -> Logger:
    """The W&B run of a run folder; offline by itself where there is no login, no network, or WANDB_MODE says so.

    Its id is stored in the folder before it starts, so that a resumed run goes on with the same W&B run.

    Args:
        save_dir: the run folder.
        offline: True or False decides; None = offline unless there is a login.
        timeout: seconds to wait for the server before going offline.
        options: of ``wandb.init``: project, name, tags ...

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
        run_id = options.pop("id", None) or _stored_id(Path(save_dir))
        for mode in ("online", "offline") if online else ("offline",):
            settings = wandb.Settings(mode=mode, init_timeout=timeout, **_SETTINGS)
            try:
                return wandb.init(dir=save_dir, id=run_id, resume="allow", settings=settings, **options)
            except TypeError:  # an option that it does not have
                raise
            except Exception as error:  # of the network, the account, the disk, or W&B's own process
                reason = str(error).splitlines()[0]
                instead = "logging offline, `wandb sync` uploads later" if mode == "online" else "going on without it"
                log.warning(f"W&B cannot be reached ({reason}); {instead}")
                with suppress(Exception):
                    wandb.teardown()  # its process would hold the id for taken
        return None

    run = start()
    if run is None:  # without W&B, or not the first rank
        return DummyLogger()
    run.define_metric("trainer/global_step")
    run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    return WandbLogger(experiment=run, save_dir=save_dir)


_SETTINGS = {
    "console": "off",
    "finish_timeout": 600.0,  # a network that is gone does not hold up a sweep; `wandb sync` uploads the rest
    # W&B's picture is a second name of the one in samples/, and stays one if the folder is moved.
    "allow_media_symlink": True,
    "symlink": False,
}


def _is_logged_in() -> bool:
    """Whether W&B may be used online; never asks, and does not wait for the server."""
    import wandb

    if os.environ.get("WANDB_MODE", "online") != "online":  # an explicit mode wins
        return False
    try:
        return wandb.login(prompt=False, verify=False)
    except Exception:  # a key that W&B refuses, or its process
        return False


def _stored_id(folder: Path) -> str:
    """The W&B id of a run folder, drawn when it is first needed."""
    path = folder / "wandb" / "id"
    if not path.exists():
        with atomic_write(path) as partial:
            partial.write_text(secrets.token_hex(5))
    return path.read_text()


def close_wandb() -> None:
    """Ends W&B's run, if there is one, so that the next run of this process gets its own."""
    if not (wandb := sys.modules.get("wandb")):
        return
    try:
        wandb.finish()
    except Exception:  # its process is gone, which the logger's warning has said
        from wandb.sdk.lib.module import unset_globals

        unset_globals()
        with suppress(Exception):
            wandb.teardown()  # or W&B would print a traceback when Python ends
