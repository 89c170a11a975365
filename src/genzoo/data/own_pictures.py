"""Base of the users' sets whose images are encoded: PNG, JPEG and so on."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from genzoo.core.batches import ImageSet
from genzoo.data.classes import Labels
from genzoo.data.decoding import mode_of
from genzoo.data.own import OwnImages
from genzoo.data.pixels import Seen, check_range, check_white, describe_losses, read_picture

log = logging.getLogger("genzoo")


class OwnPictures(OwnImages):
    """Base of the users' sets whose images are encoded; their pixels are converted as ``genzoo.data.pixels`` does.

    Args:
        labels: see ``OwnImages``.
        white: level of white in grey images of more than 8 bits; None = 65535 for 16 bits, other depths are refused.
        options: settings of ``OwnImages``.

    Raises:
        GenzooError: a setting is out of range; from ``load``: levels of images do not use the range of 16 bits.
    """

    def __init__(self, labels: Labels, white: float | None = None, **options: Any):
        check_white(white)
        super().__init__(labels, **options)
        self.white = white
        self._facts: list[Seen] = []

    def picture(self, file: Path | BinaryIO, what: str) -> Image.Image:
        """Returns an image of the set's size and channels; ``what`` is its name, for messages."""
        picture, facts = read_picture(file, mode_of(self.spec.channels), self.white)
        self._facts.append(facts)
        return self.fitting(picture, what)

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the images of each split; logs one warning about information that the conversion of pixels loses."""
        splits = super().load()
        seen, self._facts = self._facts, []
        check_range(seen, self.white)
        if line := describe_losses(seen):
            rank_zero_only(log.warning)(f"{self.place}: {line}.")
        return splits
