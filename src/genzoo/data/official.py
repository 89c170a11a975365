"""Bases of the data sets with official files: location, one attempt to download them, official parts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.data.download import DownloadError
from genzoo.data.facts import check_facts
from genzoo.data.module import ImageData, split_of


class OfficialData(ImageData):
    """Base of the sets whose files are downloaded if they are missing.

    Subclasses set ``place`` and implement ``_missing``, ``_download`` and ``load``.

    Args:
        root: folder of data sets.
        offline: never download.
        options: settings of ``ImageData``.
    """

    place: ClassVar[str]  #: folder of the files under root

    def __init__(self, root: str | Path, offline: bool = False, **options: Any):
        super().__init__(**options)
        self.root = Path(root).expanduser()
        self.folder = self.root / self.place
        self._no_download = "disabled (data.offline=true)" if offline else ""

    def prepare_data(self) -> None:
        """Downloads the missing files; tries once; ``load`` raises the error of a failure."""
        if self._no_download or not self._missing():
            return
        try:
            self._download()
        except DownloadError as error:
            self._no_download = str(error)

    def _missing(self) -> list[str]:
        """Returns the names of the missing files."""
        raise NotImplementedError

    def _download(self) -> None:
        """Downloads the missing files, each completely or not at all.

        Raises:
            DownloadError: the download failed.
        """
        raise NotImplementedError


class TrainTestData(OfficialData):
    """Base of the labelled sets with a training part, whose end is the validation split, and a test part.

    Subclasses set ``facts``, ``files``, ``n_train`` and ``url``, and implement ``_download`` and ``_read``.

    Args:
        root: folder of data sets.
        train_size: number of training images, the first of the training part; the rest is the validation split.
        offline: never download.
        options: settings of ``ImageData``, and facts that the configuration states, which are checked.

    Raises:
        GenzooError: a setting is out of range.
    """

    facts: ClassVar[dict[str, int]]
    files: ClassVar[dict[str, str | None]]  #: name -> MD5 of its content, or None if it is not known
    n_train: ClassVar[int]  #: images of the official training part
    url: ClassVar[str]  #: page from which users can download the files

    def __init__(
        self,
        root: str | Path,
        train_size: int,
        offline: bool = False,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        if not isinstance(train_size, int) or not 1 <= train_size <= self.n_train:
            raise GenzooError(
                f"data.train_size={train_size}: expected an integer from 1 to {self.n_train}; the rest validates."
            )
        super().__init__(root, offline, **options)
        self.train_size = train_size

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the splits."""
        if self._missing():
            return self._stand_in()
        (images, labels), test, n = self._read("train"), self._read("test"), self.train_size
        return {
            "train": split_of(images[:n], labels[:n]),
            "validation": split_of(images[n:], labels[n:]),
            "test": split_of(*test),
        }

    def _read(self, part: str) -> tuple[Tensor, Tensor]:
        """Reads images, uint8 (N, C, H, W), and labels of ``"train"`` or ``"test"``."""
        raise NotImplementedError

    def _stand_in(self) -> Mapping[str, ImageSet]:
        """Returns a substitute if files are missing and could not be downloaded; the default raises GenzooError."""
        raise GenzooError(
            f"data={self.name}: {self._why()}. Put the files of {self.url} there, or set GENZOO_DATA to a folder "
            "that has them."
        )

    def _find(self, file: str) -> Path | None:
        path = self.folder / file
        return path if path.is_file() else None

    def _missing(self) -> list[str]:
        return [file for file in self.files if self._find(file) is None]

    def _why(self) -> str:
        missing = self._missing()
        files = "the files are" if len(missing) == len(self.files) else f"{', '.join(missing)}:"
        return f"{files} not in {self.folder}; download: {self._no_download or 'not tried'}"
