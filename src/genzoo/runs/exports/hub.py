"""Exported models on the Hugging Face Hub."""

import logging
import re
from pathlib import Path

from genzoo.core.errors import GenzooError
from genzoo.runs.exports.extra import imported
from genzoo.runs.exports.weights import CONFIG, WEIGHTS

log = logging.getLogger("genzoo")

SCHEME = "hf://"
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def check_repository(key: str, name: str | None) -> str:
    """Returns the name of a repository after checking that it is ``<user>/<name>``.

    Args:
        key: configuration key of the name, for messages.
        name: the name.

    Raises:
        GenzooError: it is not.
    """
    if name is None or not REPOSITORY.fullmatch(name):
        raise GenzooError(f"{key}={name}: expected <user>/<name>, the repository on the Hugging Face Hub.")
    return name


def push(folder: Path, repository: str, private: bool) -> str:
    """Uploads a folder to a repository, which is created if there is none; returns its address.

    Raises:
        GenzooError: huggingface_hub is not installed, there is no login, or the upload failed; the folder stays.
    """
    hub = imported("huggingface_hub", "to=hub")
    there = f"the files are in {folder}"
    if not hub.get_token():
        raise GenzooError(f"to=hub: there is no login; run hf auth login, then the same command again ({there}).")
    try:
        hub.create_repo(repository, private=private, exist_ok=True)
        hub.upload_folder(repo_id=repository, folder_path=str(folder), commit_message="Export by genzoo")
    except Exception as error:  # of the network, the server, or the client's checks
        reason = " ".join(str(error).split())[:200]
        raise GenzooError(f"to=hub repo={repository}: the upload failed ({reason}); {there}.") from error
    return f"{SCHEME}{repository}"


def download(source: str) -> Path:
    """Downloads an exported model, or finds it in the cache of huggingface_hub; returns its folder.

    Args:
        source: ``hf://<user>/<name>`` or ``hf://<user>/<name>@<revision>``.

    Raises:
        GenzooError: the address is wrong, huggingface_hub is not installed, or the model cannot be downloaded.
    """
    repository, _, revision = source.removeprefix(SCHEME).partition("@")
    if not REPOSITORY.fullmatch(repository):
        raise GenzooError(f"{source}: expected hf://<user>/<name>, a repository on the Hugging Face Hub.")
    hub = imported("huggingface_hub", source)
    try:
        folder = hub.snapshot_download(repository, revision=revision or None, allow_patterns=[CONFIG, WEIGHTS])
    except Exception as error:  # of the network, the server, or the client's checks
        reason = " ".join(str(error).split())[:200]
        raise GenzooError(f"{source}: it could not be downloaded ({reason}); check name, network and login.") from error
    if not all((Path(folder) / name).is_file() for name in (CONFIG, WEIGHTS)):
        raise GenzooError(f"{source}: the repository has no {CONFIG} and {WEIGHTS} that genzoo export wrote.")
    return Path(folder)
