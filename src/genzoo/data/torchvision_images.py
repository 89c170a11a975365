"""Image data sets of torchvision, by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.classes import Label
from genzoo.data.decoding import levels_of
from genzoo.data.download import DownloadError, downloading
from genzoo.data.files import one_line
from genzoo.data.own import OwnImages
from genzoo.data.torchvision_class import Absent, TorchvisionClass


@register
class TorchvisionImages(OwnImages):
    """A data set of ``torchvision.datasets``, whose items are an image and the number of its class.

    Its parts ``train`` and ``test``, or its splits, are kept; a split that it lacks is drawn from its training images.

    Args:
        root: folder of data sets; files are where torchvision keeps them.
        name: name of the class.
        offline: never download.
        options: further arguments of the class; with ``train`` or ``split`` only this part is used.
        settings: settings of ``OwnImages``.

    Raises:
        GenzooError: there is no such class or option, or a setting is out of range; from ``load``: files are missing or
            damaged, or items are others than an image and a class.

    Example:
        >>> TorchvisionImages("nowhere", "KMNIST", size=28, channels=1).spec
        DataSpec(name='torchvision', shape=(1, 28, 28), levels=256, classes=10, factors=(), ...)
    """

    name = "torchvision"
    source = "torchvision"

    def __init__(
        self,
        root: str | Path,
        name: str,
        offline: bool = False,
        options: Mapping[str, Any] | None = None,
        **settings: Any,
    ):
        self.root = Path(root).expanduser()
        self.set = TorchvisionClass(name, options or {})
        self.place = f"data.name={name}"
        try:
            self._parts: Mapping[str, Any] | None = self.set.build(self.root)
        except Absent:
            self._parts = None
        labels = {part: known_labels(items) for part, items in (self._parts or {}).items()}
        names = [str(one) for one in getattr(self.set.kind, "classes", ())]
        if not labels or any(theirs is None for theirs in labels.values()):  # the names that the class states may do
            labels = None
            if settings.get("labels_per_class") is not None and settings.get("classes") is None and not names:
                raise GenzooError(f"data.classes: how many classes {name} has is needed with data.labels_per_class.")
        super().__init__(labels, names=names if labels is None else None, **settings)
        self._no_download = "disabled (data.offline=true)" if offline else ""
        self._images: dict[str, Tensor] = {}

    def prepare_data(self) -> None:
        """Downloads the files if they are missing; tries once; ``load`` raises the error of a failure."""
        if self._parts is not None or self._splits is not None or self._no_download:
            return
        try:
            self._parts = self.set.build(self.root)  # another process may have downloaded them
        except Absent:
            self._download()

    def _download(self) -> None:
        if not self.set.downloads:
            self._no_download = "torchvision does not download it"
            return
        try:
            with downloading(self.root, f"{self.set.name} of torchvision", self.set.addresses()) as aside:
                self.set.build(aside, download=True)
        except DownloadError as error:
            self._no_download = str(error)

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the images of each split."""
        try:
            parts = self._parts or self.set.build(self.root)
        except Absent as error:
            why = (self._no_download or "not tried").rstrip(".")
            raise GenzooError(
                f"data=torchvision data.name={self.set.name}: its files are not in {self.root}; download: {why}. Put "
                "them there, or set GENZOO_DATA to a folder that has them."
            ) from error
        read = {part: self._read(part, one) for part, one in parts.items()}
        self._images = {part: images for part, (images, _) in read.items()}
        self.arrange({part: labels for part, (_, labels) in read.items()})
        self.spec = self.spec._replace(classes=len(self.class_names))
        splits = super().load()
        self._images, self._parts = {}, None  # they are large
        return splits

    def read(self, part: str, rows: Tensor) -> Tensor:
        """Returns images of a part."""
        return self._images[part][rows]

    def _read(self, part: str, items: Any) -> tuple[Tensor, list[Label]]:
        """Returns images and labels of all items."""
        spec = self.spec
        images = torch.empty(len(items), spec.channels, spec.size, spec.size, dtype=torch.uint8)
        labels: list[Label] = []
        for i in range(len(items)):
            what = f"data=torchvision data.name={self.set.name}: {part}[{i}] in {self.root}"
            try:
                image, label = items[i][:2]
            except Exception as error:  # their decoders raise many types of errors
                raise GenzooError(f"{what} cannot be read ({one_line(error)}); replace its files.") from error
            whole = isinstance(label, int | np.integer) or (isinstance(label, Tensor) and label.shape == ())
            if not isinstance(image, Image.Image) or not whole:
                raise GenzooError(
                    f"{what} is not an image and the number of its class, but {type(image).__name__} and "
                    f"{type(label).__name__}; choose a set for classification, or data.options of one."
                )
            images[i] = levels_of(self.square(image, what), spec.size, spec.channels)
            labels.append(int(label))
        return images, labels


def known_labels(items: Any) -> list[Label] | None:
    """Returns the labels that a set of torchvision keeps in an attribute; None = it does not.

    >>> known_labels(type("Letters", (list,), {"targets": [3, 1]})("ab"))
    [3, 1]
    """
    for key in ("targets", "labels", "_labels"):
        found = np.asarray(getattr(items, key, None))
        if found.shape == (len(items),) and found.dtype.kind in "ui":
            return found.tolist()
    return None
