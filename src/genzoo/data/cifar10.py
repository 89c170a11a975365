"""CIFAR-10."""

import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from genzoo.core.registry import register
from genzoo.data.download import downloading
from genzoo.data.files import verified
from genzoo.data.official import TrainTestData


@register
class CIFAR10(TrainTestData):
    """CIFAR-10: 50,000 + 10,000 photographs of animals and vehicles, 32 x 32, colour, 10 classes.

    Files are read where torchvision keeps them, ``<root>/cifar-10-batches-py``; missing files are downloaded.
    They are pickles, which could run any code: a file is opened only if its MD5 is the official one. The
    classes are airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Args:
        root: folder of data sets.
        train_size: number of training images, the first of the 50,000; the rest is the validation split.
        options: settings of ``TrainTestData``, such as ``offline`` (never download).

    Raises:
        GenzooError: a setting is out of range; from ``load``: files are missing or damaged.

    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009,
    https://www.cs.toronto.edu/~kriz/cifar.html.

    Example:
        >>> CIFAR10("data", train_size=45_000).spec
        DataSpec(name='cifar10', shape=(3, 32, 32), levels=256, classes=10, factors=(), ...)
    """

    name = "cifar10"
    place = "cifar-10-batches-py"
    n_train = 50_000
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    facts: ClassVar[dict[str, int]] = {"size": 32, "channels": 3, "levels": 256, "classes": 10}
    files: ClassVar[dict[str, str]] = {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
    }

    def __init__(self, root: str | Path, train_size: int = 50_000, **options: Any):
        super().__init__(root, train_size, **options)

    def _download(self) -> None:
        from torchvision.datasets import CIFAR10 as official
        from torchvision.datasets.utils import download_and_extract_archive

        with downloading(self.root, "CIFAR-10", [official.url]) as aside:
            download_and_extract_archive(official.url, aside, md5=official.tgz_md5, remove_finished=True)

    def _read(self, part: str) -> tuple[Tensor, Tensor]:
        batches = []
        for file, md5 in self.files.items():
            if file.startswith("test") == (part == "test"):
                with verified(self.folder / file, md5) as content:
                    batches.append(pickle.load(content, encoding="latin1"))  # written by Python 2
        # A row is an image: its red pixels line by line, then the green, then the blue pixels.
        images = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
        return torch.from_numpy(images), torch.tensor([label for batch in batches for label in batch["labels"]])
