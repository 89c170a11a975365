"""Code shared by the entry points: user errors become one-line messages."""

import errno
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import genzoo
from genzoo.runs.conf import CONF
from genzoo.runs.folders import VARIABLE

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)
RANKS = ("RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")  # Lightning logs nothing if one of them is not 0


def command(task: str) -> None:
    """Runs a task on the configuration of the same name as the script, composed by Hydra.

    Args:
        task: ``<module>:<function>``, imported only to run it: ``--help`` does not import torch.
    """
    module, _, function = task.partition(":")

    def run(cfg: Any) -> None:
        job(getattr(import_module(module), function), cfg)

    # Users' own modules are in the current folder, and not hidden by scripts beside this one.
    sys.path[:] = [*(path for path in sys.path if path != str(Path(sys.argv[0]).parent)), os.getcwd()]

    def main() -> None:
        arguments = sys.argv[1:]
        if {"--help", "-h"} & set(arguments):
            _print_help()
        elif "--version" in arguments:
            print(genzoo.__version__)
        else:
            import hydra

            from genzoo.cli.command_line import check_command

            check_command(arguments, CONF)
            hydra.main(version_base="1.3", config_path=str(CONF), config_name=_script())(run)()

    entry(main)


def entry(main: Callable[[], Any]) -> None:
    """Runs a function: mistakes of the user end with one line and status 2.

    ``debug=true`` shows the traceback; an interruption ends with status 130, a closed pipe with 141.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra prints its own, longer message
    _clean_environment()
    if any(argument.lstrip("+").lower() == "debug=true" for argument in sys.argv[1:]):
        main()
        return
    try:
        main()
        sys.stdout.flush()
    except KeyboardInterrupt as error:
        print(f"interrupted: {error}" if str(error) else "interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # as with `| head`; discard the remaining output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        _fail_if_a_mistake(error)
        raise


def job(task: Callable[[Any], Any], cfg: Any) -> None:
    """Runs a task; user errors end it with one line and status 2 (in a sweep, only this job fails)."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    try:
        task(cfg)
    except Exception as error:
        if cfg.debug is not True and HydraConfig.get().mode == RunMode.RUN:
            _fail_if_a_mistake(error)
        raise


def _clean_environment() -> None:
    """Removes an empty GENZOO_DATA, and rank variables that were not set by a known launcher."""
    if os.environ.get("GENZOO_DATA") == "":
        del os.environ["GENZOO_DATA"]
    if "TORCHELASTIC_RUN_ID" in os.environ or VARIABLE in os.environ:
        return
    if foreign := [name for name in RANKS if os.environ.get(name, "0") != "0"]:
        ignored = " ".join(f"{name}={os.environ.pop(name)}" for name in foreign)
        print(
            f"warning: {ignored} in the environment is ignored, since it was not set by a launcher that genzoo knows; "
            "for several processes use trainer=ddp or torchrun.",
            file=sys.stderr,
        )


def _print_help() -> None:
    from genzoo.cli.help import help_text

    about = (sys.modules["__main__"].__doc__ or "").replace("`", "").strip()
    print(help_text(about, CONF, _script(), sys.argv[1:]))


def _script() -> str:
    """Returns the name of the script, which is also that of its configuration."""
    return Path(sys.argv[0]).stem


def _fail_if_a_mistake(error: Exception) -> None:
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from genzoo.core.errors import GenzooError

    status = 2
    if isinstance(error, GenzooError):
        message, status = str(error), error.status
    elif isinstance(error, HydraException | OmegaConfBaseException):
        from genzoo.cli.explanations import explain

        message = explain(error, CONF, _script(), sys.argv[1:])
    elif isinstance(error, OSError) and error.errno in DISK:
        message = (
            f"{error.filename or 'a file'} could not be written ({error.strerror}). Free some space or choose another "
            "folder with paths.runs=..., then continue with resume=<run folder>."
        )
    else:
        return
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)
