"""The Inception network of 2015 with which published FID, KID and Inception scores are computed."""

import functools
import logging
import pickle
from pathlib import Path

import torch

from genzoo.core.errors import GenzooError
from genzoo.core.hashes import hash_of_file
from genzoo.data.download import DownloadError, downloading
from genzoo.metrics.extractors.extractor import Extractor

log = logging.getLogger("genzoo")

URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
FILE = URL.rpartition("/")[2]
STANDARD = "6726825d"  # first digits of the SHA-256 of the published file, as in its name


def inception(weights: Path, weights_hash: str | None = None) -> Extractor:
    """Returns the extractor for a file of weights.

    Args:
        weights: state_dict of torch-fidelity's ``FeatureExtractorInceptionV3``.
        weights_hash: SHA-256 of the file, or its first digits (8 or more); None = that of the published file.

    Raises:
        GenzooError: the file is missing, has another hash, or holds other weights.

    Source: the TensorFlow graph of 2015-12-05, converted by torch-fidelity, which resizes as TensorFlow 1 does.
    """
    sha256 = check_weights(weights, weights_hash)
    return Extractor(
        name="inception",
        suffix="" if sha256.startswith(STANDARD) else f"_inception_{sha256[:8]}",
        registered="inception-v3-compat",
        weights=weights,
        sha256=sha256,
        channels=3,
        samples=50_000,
        resize="299 pixels, bilinear as in TensorFlow 1",
    )


def check_weights(weights: Path, weights_hash: str | None = None) -> str:
    """Verifies a file of weights and returns its SHA-256.

    Raises:
        GenzooError: as ``inception``.
    """
    if not weights.is_file():
        raise GenzooError(f"metrics.fidelity.weights={weights}: there is no such file; give {FILE}, from {URL}.")
    expected, found = (weights_hash or STANDARD).lower(), hash_of_file(weights)
    if len(expected) < 8 or not found.startswith(expected):
        raise GenzooError(
            f"metrics.fidelity.weights={weights}: its SHA-256 is {found}, but {expected} is expected; give the "
            f"published file ({URL}), or in metrics.fidelity.weights_hash the hash of yours (8 digits or more)."
        )
    try:
        # torch-fidelity unpickles the file without weights_only, which could run code; a file that loads here is safe.
        outputs = torch.load(weights, map_location="cpu", weights_only=True)["fc.weight"].shape
    except (pickle.UnpicklingError, RuntimeError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise _wrong_weights(weights, " ".join(str(error).split())[:80]) from error
    if outputs != (1008, 2048):
        raise _wrong_weights(weights, f"its last layer is {tuple(outputs)} instead of (1008, 2048)")
    return found


def _wrong_weights(weights: Path, why: str) -> GenzooError:
    return GenzooError(
        f"metrics.fidelity.weights={weights}: not the weights of torch-fidelity's Inception ({why}); give {FILE}."
    )


def find_weights() -> Path | None:
    """Returns the published file in torch's folder of downloaded weights, or None."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / FILE
    return path if path.is_file() else None


@functools.cache
def download_weights() -> Path | None:
    """Downloads the published file; tries once per process and logs the reason of a failure."""
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    try:
        with downloading(folder, "the Inception weights (96 MB)", [URL]) as aside:
            torch.hub.download_url_to_file(URL, str(aside / FILE), hash_prefix=STANDARD, progress=False)
    except DownloadError as error:
        log.info(f"The Inception weights are not in {folder}; download: {error}")
    return find_weights()
