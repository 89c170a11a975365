"""The Olivetti faces."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.download import downloading
from genzoo.data.facts import check_facts
from genzoo.data.files import damaged, verified
from genzoo.data.module import split_of
from genzoo.data.official import OfficialData

MAT = "olivettifaces.mat"


@register
class OlivettiFaces(OfficialData):
    """The Olivetti (AT&T) faces: 40 people with 10 grey images each, 64 x 64; the people are the classes.

    The splits hold different people: 0 to 35 for training, 36 and 37 for validation, 38 and 39 for testing. Files are
    read from ``<root>/olivetti_faces``: ``olivettifaces.mat``, or any ``.npz`` with ``images``, uint8 (400, 64, 64),
    upright, person by person; else from scikit-learn's cache; else downloaded.

    Args:
        root: folder of data sets.
        size: height and width in pixels, 64 or, resized bilinearly, 32.
        offline: never download.
        options: settings of ``ImageData``, and facts that the configuration states (channels, levels, classes), which
            is checked.

    Raises:
        GenzooError: a setting is out of range; from ``load``: files are missing or damaged.

    Source: F. Samaria and A. Harter, "Parameterisation of a stochastic model for human face identification", 1994;
    the 64 x 64 version is S. Roweis's, as scikit-learn distributes it.

    Example:
        >>> OlivettiFaces("data", size=32).spec
        DataSpec(name='olivetti_faces', shape=(1, 32, 32), levels=256, classes=40, factors=(), ...)
    """

    name = "olivetti_faces"
    place = "olivetti_faces"
    url = "https://ndownloader.figshare.com/files/5976027"
    facts: ClassVar[dict[str, int]] = {"channels": 1, "levels": 256, "classes": 40}
    mat_sha256 = "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794"
    pixels_md5 = "fdb1ed558795305585a78fe74924e0aa"  #: MD5 of the upright images, one byte per pixel

    def __init__(
        self,
        root: str | Path,
        size: int = 64,
        offline: bool = False,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        if size not in (32, 64):
            raise GenzooError(f"data.size={size}: 64 (as distributed) or 32 (resized) is needed.")
        super().__init__(root, offline, size=size, **options)

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the splits."""
        path = self._find()
        if path is None:
            raise GenzooError(
                f"data={self.name}: {MAT} is not in {self.folder}; download: {self._no_download or 'not tried'}. Put "
                f"the file of {self.url} there, or set GENZOO_DATA to a folder that has it."
            )
        size = (self.spec.size, self.spec.size)
        faces = [Image.fromarray(face).resize(size, Image.Resampling.BILINEAR) for face in self._read(path)]
        images = torch.from_numpy(np.stack(faces)).unsqueeze(1)
        people = torch.arange(40).repeat_interleave(10)
        parts = {"train": slice(0, 360), "validation": slice(360, 380), "test": slice(380, 400)}
        return {split: split_of(images[part], people[part]) for split, part in parts.items()}

    def _find(self) -> Path | None:
        found = [self.folder / MAT, *sorted(self.folder.glob("*.npz")), _cache_of_scikit_learn()]
        return next((path for path in found if path.is_file()), None)

    def _missing(self) -> list[str]:
        return [MAT] if self._find() is None else []

    def _download(self) -> None:
        from torchvision.datasets.utils import download_url

        with downloading(self.folder, "the Olivetti faces", [self.url]) as aside:
            download_url(self.url, aside, MAT)
            with verified(aside / MAT, self.mat_sha256, "sha256"):
                pass

    def _read(self, path: Path) -> np.ndarray:
        """Reads the faces, upright, uint8 (400, 64, 64)."""
        if path.suffix == ".mat":
            from scipy.io import loadmat

            with verified(path, self.mat_sha256, "sha256") as content:
                faces = loadmat(content)["faces"]  # each column is an image in column-major order
            return np.ascontiguousarray(faces.T.reshape(400, 64, 64).swapaxes(1, 2))
        try:
            if path.suffix == ".npz":
                with np.load(path) as stored:
                    faces = stored["images"]
            else:
                from sklearn.datasets import fetch_olivetti_faces

                # The cache holds levels from 0 to 242 as fractions.
                faces = fetch_olivetti_faces(data_home=path.parent, download_if_missing=False).images
                faces = (faces * 242).round().astype(np.uint8)
        except Exception as error:  # damaged archives and pickles raise many types of errors
            raise damaged(path, error) from error
        if hashlib.md5(faces.tobytes(), usedforsecurity=False).hexdigest() != self.pixels_md5:
            raise damaged(path, f"the MD5 of its pixels is not {self.pixels_md5}")
        return faces.reshape(400, 64, 64)


def _cache_of_scikit_learn() -> Path:
    """Returns the cache file of ``fetch_olivetti_faces``, a pickle that only scikit-learn opens."""
    return Path(os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data")).expanduser() / "olivetti_py3.pkz"
