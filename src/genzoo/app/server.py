"""The server of the explorer's page, on this machine alone."""

import logging
import os
import socket
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from genzoo.core.errors import GenzooError
from genzoo.runs.context import be_quiet
from genzoo.runs.schema import Exploring, check_keys, check_values

if TYPE_CHECKING:
    from gradio import Blocks

log = logging.getLogger("genzoo")
HOST = "127.0.0.1"
MOST = 4  #: models on one page
PACKAGED = Path(__file__).parent / "infogan"  #: exported model that is shown if no checkpoint is given


def explore(cfg: DictConfig) -> None:
    """Shows a checkpoint's model on a page of this machine, until it is interrupted.

    Args:
        cfg: composed from conf/explore.yaml.

    Raises:
        GenzooError: a setting is wrong, gradio is not installed, the port is in use, or a checkpoint is refused.
    """
    be_quiet()
    check_keys(cfg, Exploring)
    config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check_values(config)
    given = [cfg.ckpt] if isinstance(cfg.ckpt, str) else config["ckpt"] or [str(PACKAGED)]
    if len(given) > MOST:
        raise GenzooError(f"ckpt: {len(given)} checkpoints are given; one is explored, and 2 to {MOST} are compared.")
    show(given, config, free_port(cfg.port))


def show(checkpoints: Sequence[str], cfg: Mapping[str, Any], port: int) -> None:
    """Shows the models of checkpoints on one page.

    Args:
        checkpoints: see ``genzoo.load``.
        cfg: composed from conf/explore.yaml, in plain containers.
        port: a free one.

    Raises:
        GenzooError: gradio is not installed, or a checkpoint is refused.
    """
    check_gradio()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from genzoo.app.explored import explored
    from genzoo.app.page import page

    blocks = page([explored(one, cfg) for one in checkpoints])
    log.info(f"the explorer is at http://{HOST}:{port}; Ctrl-C ends it")
    serve(blocks, port, inbrowser=cfg["browser"])


def check_gradio() -> None:
    """Raises a ``GenzooError`` if gradio is not installed."""
    if find_spec("gradio") is None:
        raise GenzooError("the explorer needs gradio: pip install 'genzoo[explore]'.")


def serve(blocks: "Blocks", port: int, **options: bool) -> None:
    """Serves a page on this machine alone, without a share link and without statistics.

    Args:
        blocks: the page.
        port: a free port.
        options: further ones of gradio's ``launch``; by default it ends by an interruption.
    """
    from genzoo.app.page import STYLE, THEME
    from genzoo.app.uploads import BYTES

    blocks.launch(
        server_name=HOST,
        server_port=port,
        share=False,
        quiet=True,
        show_error=True,
        max_file_size=BYTES,
        footer_links=[],
        css=STYLE,
        theme=THEME,
        ssr_mode=False,
        **options,
    )


def free_port(port: int | None) -> int:
    """The port, or a free one.

    Raises:
        GenzooError: it is in use, or no port.
    """
    if port is not None and not 1024 <= port <= 65535:
        raise GenzooError(f"port={port}: a number from 1024 to 65535 is needed, or null for a free one.")
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port or 0))
        except OSError:
            raise GenzooError(f"port={port}: it is in use; choose another, or port=null for a free one.") from None
        return trial.getsockname()[1]
