"""Omniglot: characters of 50 alphabets, in the version used for likelihoods."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.binarise import binarise
from genzoo.data.download import downloading
from genzoo.data.files import damaged
from genzoo.data.official import TrainTestData

FILE = "chardata.mat"


@register
class Omniglot(TrainTestData):
    """Omniglot at 28 x 28 pixels, ink = 1: 24,345 + 8,070 characters, labelled with their alphabet.

    The file ``<root>/OMNIGLOT/chardata.mat`` holds ink as fractions, here quantised to levels 0 to 255; it is
    downloaded if missing. Training images are shuffled as in the original code, so that its 23,000 training and 1,345
    validation images are the same.

    Args:
        root: folder of data sets.
        train_size: number of training images, the first of the shuffled 24,345; the rest is the validation split.
        levels: 2: binary pixels, drawn each time that an image is drawn (with a fixed seed in evaluation), 1 with the
            probability of their ink; 256: the ink.
        options: settings of ``TrainTestData``, such as ``offline`` (never download).

    Raises:
        GenzooError: a setting is out of range; from ``load``: the file is missing or damaged.

    Source: B. Lake, R. Salakhutdinov, J. Tenenbaum, "Human-level concept learning through probabilistic program
    induction", 2015; the file and its use are those of Burda et al., arXiv 1509.00519 (yburda/iwae, datasets.py).

    Example:
        >>> Omniglot("data").spec
        DataSpec(name='omniglot', shape=(1, 28, 28), levels=2, classes=50, factors=(), ...)
    """

    name = "omniglot"
    place = "OMNIGLOT"
    n_train = 24_345
    n_test = 8_070
    url = "https://github.com/yburda/iwae (datasets/OMNIGLOT)"
    download_url = "https://github.com/yburda/iwae/raw/master/datasets/OMNIGLOT/chardata.mat"
    facts: ClassVar[dict[str, int]] = {"size": 28, "channels": 1, "classes": 50}
    files: ClassVar[dict[str, None]] = {FILE: None}

    def __init__(self, root: str | Path, train_size: int = 23_000, levels: int = 2, **options: Any):
        if levels not in (2, 256):
            raise GenzooError(f"data.levels={levels}: 2 (drawn) or 256 (ink) is needed.")
        self.facts = {**self.facts, "levels": levels}
        super().__init__(root, train_size, levels=levels, **options)

    @property
    def augments(self) -> bool:
        """Whether pixels are binarised randomly."""
        return self.spec.levels == 2

    def augment(self, levels: Tensor, generator: Generator) -> Tensor:
        """Returns binary levels, 1 with probability level / 255, or the levels unchanged; uint8, any shape."""
        return binarise(levels, generator) if self.augments else levels

    def _download(self) -> None:
        from torchvision.datasets.utils import download_url

        with downloading(self.folder, "Omniglot", [self.download_url]) as aside:
            download_url(self.download_url, aside, FILE)
            self._parse(aside / FILE)

    def _read(self, part: str) -> tuple[Tensor, Tensor]:
        images, labels = self._parse(self.folder / FILE)[part]
        if part == "train":  # the file is sorted by character
            order = np.random.RandomState(123).permutation(len(images))  # seed of the original code
            images, labels = images[order], labels[order]
        return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)

    def _parse(self, path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Reads part -> images, uint8 (N, 28, 28), and labels (N,), in the file's order."""
        from scipy.io import loadmat

        try:
            stored, parts = loadmat(path), {}
            for part, prefix, n in (("train", "", self.n_train), ("test", "test", self.n_test)):
                ink, alphabets = stored[f"{prefix}data"], stored[f"{prefix}target"]  # one column per image
                if (ink.shape, alphabets.shape) != ((784, n), (50, n)) or not 0 <= ink.min() <= ink.max() <= 1:
                    found = f"{prefix}data is {ink.shape} from {ink.min():g} to {ink.max():g}"
                    raise ValueError(f"{found}, {prefix}target {alphabets.shape}")
                levels = np.rint(ink.T * 255).astype(np.uint8)
                upright = levels.reshape(n, 28, 28).transpose(0, 2, 1)  # the file is column-major
                parts[part] = np.ascontiguousarray(upright), alphabets.argmax(0).astype(np.int64)
        except Exception as error:  # damaged files raise many types of errors
            raise damaged(path, error) from error
        return parts
