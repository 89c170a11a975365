"""Street View House Numbers."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.registry import register
from genzoo.data.download import downloading
from genzoo.data.files import damaged, verified
from genzoo.data.module import split_of
from genzoo.data.official import TrainTestData

STAND_IN = "svhn-test-first-10000.npz"

log = logging.getLogger("genzoo")


@register
class SVHN(TrainTestData):
    """SVHN: 73,257 + 26,032 digits cropped from photographs of house numbers, 32 x 32, colour, labelled 0 to 9.

    Files are read where torchvision keeps them, ``<root>/{train,test}_32x32.mat``; missing files are
    downloaded. If all are missing but ``<root>/svhn-test-first-10000.npz`` exists (``images``, uint8 (10000, 32, 32,
    3), and ``labels``: the first 10,000 of the official test part), it is used as a substitute: 8,000 / 1,000 / 1,000
    by position, because neighbours come from the same house number. ``train_size`` and ``extra`` have no effect then,
    and ``source`` is ``"svhn-test-10k"``.

    Args:
        root: folder of data sets.
        train_size: number of training images, the first of the 73,257; the rest is the validation split.
        extra: also train on the 531,131 easier digits of ``<root>/extra_32x32.mat``.
        options: settings of ``TrainTestData``, such as ``offline`` (never download).

    Raises:
        GenzooError: a setting is out of range; from ``load``: files are missing or damaged.

    Source: Y. Netzer et al., "Reading digits in natural images with unsupervised feature learning", 2011,
    http://ufldl.stanford.edu/housenumbers.

    Example:
        >>> SVHN("data").spec
        DataSpec(name='svhn', shape=(3, 32, 32), levels=256, classes=10, factors=(), ...)
    """

    name = "svhn"
    place = ""
    n_train = 73_257
    url = "http://ufldl.stanford.edu/housenumbers"
    facts: ClassVar[dict[str, int]] = {"size": 32, "channels": 3, "levels": 256, "classes": 10}
    files: ClassVar[dict[str, str]] = {
        "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
        "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
        "extra_32x32.mat": "a93ce644f1a588dc4d68dda5feec44a7",
    }

    def __init__(self, root: str | Path, train_size: int = 73_257, extra: bool = False, **options: Any):
        super().__init__(root, train_size, **options)
        self.extra = extra
        self.files = {file: md5 for file, md5 in self.files.items() if extra or not file.startswith("extra")}

    def prepare_data(self) -> None:
        """Downloads the missing files, unless the substitute exists; tries once."""
        if not self._stands_in():
            super().prepare_data()

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the splits."""
        if self._stands_in():
            return self._first_10000()
        splits = dict(super().load())
        if self.extra:
            train, extra = splits["train"], self._read("extra")
            splits["train"] = split_of(torch.cat([train.images, extra[0]]), torch.cat([train.labels, extra[1]]))
        return splits

    def _stands_in(self) -> bool:
        return len(self._missing()) == len(self.files) and (self.folder / STAND_IN).is_file()

    def _download(self) -> None:
        from torchvision.datasets import SVHN as official
        from torchvision.datasets.utils import download_url

        missing = self._missing()
        resources = [resource for resource in official.split_list.values() if resource[1] in missing]
        with downloading(self.folder, f"SVHN ({', '.join(missing)})", [url for url, *_ in resources]) as aside:
            for url, file, md5 in resources:
                download_url(url, aside, file, md5)

    def _read(self, part: str) -> tuple[Tensor, Tensor]:
        from scipy.io import loadmat

        file = f"{part}_32x32.mat"
        with verified(self.folder / file, self.files[file]) as content:
            found = loadmat(content)
        images = np.ascontiguousarray(found["X"].transpose(3, 2, 0, 1))  # from (height, width, channel, image)
        return torch.from_numpy(images), torch.from_numpy(found["y"].ravel() % 10).long()  # label 10 means digit 0

    def _first_10000(self) -> Mapping[str, ImageSet]:
        path = self.folder / STAND_IN
        try:
            with np.load(path) as stored:
                pixels, labels = stored["images"], stored["labels"]
            if (pixels.dtype, pixels.shape, labels.shape) != (np.uint8, (10_000, 32, 32, 3), (10_000,)):
                raise ValueError(f"it holds images {pixels.dtype} {pixels.shape} and labels {labels.shape}")
            if not 0 <= labels.min() <= labels.max() <= 9:
                raise ValueError(f"its labels go from {labels.min()} to {labels.max()}")
        except Exception as error:  # damaged zip files and arrays raise many types of errors
            raise damaged(path, error, "replace it, or remove it to have SVHN downloaded") from error
        rank_zero_only(log.warning)(
            f"data={self.name}: NOT SVHN'S PROTOCOL but the first 10,000 images of its test part (8,000 train, 1,000 "
            f"validation, 1,000 test): {' and '.join(self.files)} are not in {self.folder}. Its numbers are not "
            f"comparable with the literature. Put the files of {self.url} there, or remove {STAND_IN} to download them."
        )
        self.source = "svhn-test-10k"
        images, known = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels).long()
        parts = {"train": slice(0, 8000), "validation": slice(8000, 9000), "test": slice(9000, 10_000)}
        return {split: split_of(images[part], known[part]) for split, part in parts.items()}
