"""What sets with official files share: where files lie, one try to download them, the official parts."""

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
        options: of ``ImageData``.
    """

    place: ClassVar[str]  #: where the files lie, under root

    def __init__(self, root: str | Path, offline: bool = False, **options: Any):
        super().__init__(**options)
        self.root = Path(root).expanduser()
        self.folder = self.root / self.place
        self._no_download = "not wanted (data.offline=true)" if offline else ""

    def prepare_data(self) -> None:
        """Downloads the files that are missing; tries once, and ``load`` tells of a failure."""
        if self._no_download or not self._missing():
            return
        try:
            self._download()
        except DownloadError as error:
            self._no_download = str(error)

    def _missing(self) -> list[str]:
        """Names of the files that are not there."""
        raise NotImplementedError

    def _download(self) -> None:
        """Puts the missing files in place, each whole or not at all.

        Raises:
            DownloadError: it failed.
        """
        raise NotImplementedError


class TrainTestData(OfficialData):
    """Base of the labelled sets that come as a training part, whose end validates, and a test part.

    Subclasses set ``facts``, ``files``, ``n_train`` and ``url``, and implement ``_download`` and ``_read``.

    Args:
        root: folder of data sets.
        train_size: the first so many of the training part are for training, the rest for validation.
        offline: never download.
        options: of ``ImageData``, and what the configuration states of the set, which is checked.

    Raises:
        GenzooError: a setting is out of range.
    """

    facts: ClassVar[dict[str, int]]
    files: ClassVar[dict[str, str | None]]  #: name -> MD5 of its content, where it is known
    n_train: ClassVar[int]  #: images of the official training part
    url: ClassVar[str]  #: where people get the files of a set that nothing stands in for

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
                f"data.train_size={train_size}: an integer from 1 to {self.n_train} is needed; the rest validates."
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
        """Images, uint8 (N, C, H, W), and labels of ``"train"`` or ``"test"``."""
        raise NotImplementedError

    def _stand_in(self) -> Mapping[str, ImageSet]:
        """What is used where files are missing and could not be downloaded; here nothing."""
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
