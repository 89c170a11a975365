"""Binary MNIST: with the fixed binarisation of papers, or binarised randomly at each draw."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.binarise import binarise
from genzoo.data.download import downloading
from genzoo.data.facts import check_facts
from genzoo.data.files import damaged
from genzoo.data.idx import find_idx, read_idx
from genzoo.data.mnist import MNIST
from genzoo.data.module import split_of
from genzoo.data.official import OfficialData

PARTS = {"train": "train", "validation": "valid", "test": "test"}  # split -> its name in files


@register
class BinarizedMNIST(OfficialData):
    """The fixed binarisation of MNIST used in papers: 50,000 / 10,000 / 10,000 images of 0 and 1.

    Read from ``<root>/BinarizedMNIST/binarized_mnist_{train,valid,test}.amat``, or from IDX files
    ``<root>/BinarizedMNIST/raw/{train,valid,test}-images-idx3-ubyte`` (or ``.gz``); downloaded if missing.

    Args:
        root: folder of data sets.
        classes: 0, as distributed: no labels; 10: labels from IDX files beside the IDX images.
        offline: never download.
        options: settings of ``ImageData``, and facts that the configuration states (size, channels, levels), which is
            checked.

    Raises:
        GenzooError: a setting is wrong; from ``load``: files are missing or damaged.

    Source: R. Salakhutdinov and I. Murray, "On the quantitative analysis of deep belief networks", ICML 2008;
    the files are H. Larochelle's.

    Example:
        >>> BinarizedMNIST("data").spec
        DataSpec(name='binarized_mnist', shape=(1, 28, 28), levels=2, classes=0, factors=(), ...)
    """

    name = "binarized_mnist"
    classifier = "mnist"
    place = "BinarizedMNIST"
    url = "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/"
    facts: ClassVar[dict[str, int]] = {"size": 28, "channels": 1, "levels": 2}
    #: part -> MD5 of its pixels, one byte each
    md5: ClassVar[dict[str, str]] = {
        "train": "8d4f0427d6c2572b5e9994e08bad66de",
        "valid": "3e33becd40c694040e5e6c812e2f4b50",
        "test": "fc34623e13bd64fed2f8b61365198339",
    }

    def __init__(
        self,
        root: str | Path,
        classes: int = 0,
        offline: bool = False,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        if classes not in (0, 10):
            raise GenzooError(f"data.classes={classes}: 0 (no labels, as distributed) or 10 (label files) is needed.")
        super().__init__(root, offline, classes=classes, **options)

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the splits."""
        splits = {}
        for split, part in PARTS.items():
            path = self._find(part)
            if path is None:
                raise GenzooError(
                    f"data={self.name}: {_amat(part)} is not in {self.folder}; download: "
                    f"{self._no_download or 'not tried'}. Put the three .amat files there, set GENZOO_DATA, "
                    "or use data=binarized_mnist_dynamic."
                )
            images = self._pixels(path, part)
            splits[split] = split_of(images, self._labels(part, len(images)) if self.spec.classes else None)
        return splits

    def _missing(self) -> list[str]:
        return [part for part in PARTS.values() if self._find(part) is None]

    def _download(self) -> None:
        from torchvision.datasets.utils import download_url

        missing = self._missing()
        what = f"the fixed binarisation of MNIST ({', '.join(missing)})"
        with downloading(self.folder, what, [self.url]) as aside:
            for part in missing:
                download_url(self.url + _amat(part), aside)
                self._pixels(aside / _amat(part), part)  # checks the MD5

    def _find(self, part: str) -> Path | None:
        amat = self.folder / _amat(part)
        return find_idx(self.folder / "raw" / f"{part}-images-idx3-ubyte") or (amat if amat.is_file() else None)

    def _pixels(self, path: Path, part: str) -> Tensor:
        if path.suffix == ".amat":  # lines of 784 numbers "0" or "1", separated by blanks
            text = np.fromfile(path, np.uint8)
            pixels = torch.from_numpy(text[(text == ord("0")) | (text == ord("1"))] - ord("0"))
        else:
            pixels = read_idx(path, 3).flatten()
        if hashlib.md5(pixels.numpy(), usedforsecurity=False).hexdigest() != self.md5[part]:
            raise damaged(path, f"the MD5 of its pixels is not {self.md5[part]}")
        return pixels.view(-1, 1, 28, 28)

    def _labels(self, part: str, n: int) -> Tensor:
        path = find_idx(self.folder / "raw" / f"{part}-labels-idx1-ubyte")
        if path is None:
            raise GenzooError(
                f"data.classes=10: {part}-labels-idx1-ubyte not in {self.folder / 'raw'}; put label files "
                "there or set data.classes=0."
            )
        labels = read_idx(path, 1).long()
        if len(labels) != n:
            raise damaged(path, f"it holds {len(labels)} labels for {n} images")
        return labels


@register
class DynamicBinarizedMNIST(MNIST):
    """MNIST binarised randomly each time that an image is drawn: a pixel is 1 with probability level / 255.

    Each training draw has a new binarisation; evaluation uses one with a fixed seed. Files, splits and the substitute
    without a network are those of ``MNIST``.

    Args:
        root, train_size, options: as for ``MNIST``.

    Raises:
        GenzooError: as ``MNIST``.

    Source: Y. Burda, R. Grosse, R. Salakhutdinov, "Importance weighted autoencoders", arXiv:1509.00519.

    Example:
        >>> grey = torch.tensor([0, 255], dtype=torch.uint8)
        >>> DynamicBinarizedMNIST("data").augment(grey, Generator())
        tensor([0, 1], dtype=torch.uint8)
    """

    name = "binarized_mnist_dynamic"
    facts: ClassVar[dict[str, int]] = {**MNIST.facts, "levels": 2}

    def augment(self, levels: Tensor, generator: Generator) -> Tensor:
        """Draws binary levels, 1 with probability level / 255; uint8, any shape."""
        return binarise(levels, generator)


def _amat(part: str) -> str:
    return f"binarized_mnist_{part}.amat"
