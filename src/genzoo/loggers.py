"""Loggers that need no account, no network and no answer to a prompt."""

import logging
import os
from typing import Any

from pytorch_lightning.loggers import WandbLogger

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register

log = logging.getLogger("genzoo")


@register
def wandb_logger(offline: bool | None = None, timeout: float = 20.0, **options: Any) -> WandbLogger:
    """A W&B run; offline by itself where there is no login, no network, or WANDB_MODE says so.

    Args:
        offline: True or False decides; None = offline unless there is a login.
        timeout: seconds to wait for the server before going offline.
        options: of Lightning's ``WandbLogger``: project, save_dir, name, tags ...

    Raises:
        GenzooError: wandb is not installed.
    """
    os.environ.setdefault("WANDB_SILENT", "true")
    try:
        import wandb
    except ImportError as error:
        raise GenzooError("logger=wandb: wandb is not installed; pip install wandb, or use logger=csv.") from error

    if offline is None:
        # An explicit mode wins; without a login, wandb would ask on the terminal.
        offline = os.environ.get("WANDB_MODE", "online") != "online" or not wandb.login(prompt=False)

    def run(offline: bool) -> WandbLogger:
        settings = wandb.Settings(mode="offline" if offline else "online", init_timeout=timeout, console="off")
        logger = WandbLogger(offline=offline, settings=settings, **options)
        _ = logger.experiment  # Lightning starts the run only when it is first used
        return logger

    if not offline:
        try:
            return run(offline=False)
        except (wandb.errors.CommError, wandb.errors.UsageError) as error:
            reason = str(error).splitlines()[0]
            log.warning(f"W&B cannot be reached ({reason}); logging offline, `wandb sync` uploads later")
    return run(offline=True)
