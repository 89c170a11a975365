"""Emoji by two artists, in pairs or not; part of genzoo."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

from genzoo.core.batches import ImageSet
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.module import split_of
from genzoo.data.two_domains import TwoDomainData

FOLDER = Path(__file__).parent / "emoji"
SIDE = 32  # pixels
DOMAINS = ("noto", "twemoji")
TEST = 5  #: every fifth emoji is for tests


@register
class Emoji(TwoDomainData):
    """459 emoji of faces, animals and food, each drawn for Noto Emoji and for Twemoji: 368 for training, 91 for tests.

    Args:
        paired: whether a training emoji is in both domains. If not, the training emoji take turns: one is in the first
            domain alone, the next in the second. Test images are always pairs.
        enlarged, flip: see ``Jitter``; for training images.
        options: of ``ImageData``, and facts that the configuration states, which are checked.

    Source: see data/emoji/NOTICE.md.

    Example:
        >>> data = Emoji()
        >>> data.setup()
        >>> data.describe()
        'training images: 368 noto, 368 twemoji, in pairs'
    """

    name = "emoji"
    facts: ClassVar[dict[str, int]] = {"size": SIDE, "channels": 3, "target_channels": 3, "levels": 256, "classes": 3}

    def __init__(self, paired: bool = True, enlarged: float | None = None, flip: bool = False, **options: Any):
        options = check_facts(self.name, self.facts, options)
        super().__init__(domains=DOMAINS, paired=paired, enlarged=enlarged, flip=flip, **options)

    def load_domains(self) -> tuple[Mapping[str, ImageSet], Mapping[str, ImageSet]]:
        """Reads the sheets of both artists."""
        emoji = json.loads((FOLDER / "emoji.json").read_text())["emoji"]
        labels = torch.tensor([label for _, label in emoji])
        both = [split_of(read(FOLDER / f"{domain}.png"), labels) for domain in DOMAINS]
        tested = torch.arange(len(labels)) % TEST == TEST - 1
        splits = [{"train": x.at(~tested), "validation": x.at(slice(0)), "test": x.at(tested)} for x in both]
        if not self.spec.paired:
            for start, domain in enumerate(splits):
                domain["train"] = domain["train"].at(slice(start, None, 2))
        return splits[0], splits[1]

    def are_partners(self, split: str) -> bool:
        """Whether the i-th images of both domains are one emoji."""
        return self.spec.paired or split != "train"


def read(path: Path) -> torch.Tensor:
    """The images of a sheet in reading order, levels, uint8 (N, 3, 32, 32)."""
    sheet = torch.from_numpy(np.array(Image.open(path).convert("RGB")))
    return sheet.unfold(0, SIDE, SIDE).unfold(1, SIDE, SIDE).flatten(0, 1).contiguous()
