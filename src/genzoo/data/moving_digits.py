"""Videos of handwritten digits that move along lines and bounce off the borders."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_integer, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.mnist import MNIST
from genzoo.data.module import SetData, split_of
from genzoo.data.motion import observables
from genzoo.data.sizes import split_sizes

SIZES = {32: 14, 64: 28}  #: height and width of a video -> those of its digits, in pixels
STEP = 0.1  #: distance per frame, as a share of the range of a digit's place
FACTORS = ("x", "y", "dx", "dy")  #: of each digit: its first place, and its step per frame, in shares of the range
CHUNK = 500  #: videos drawn together


@register
class MovingDigits(SetData):
    """Videos (1, T, H, W) of MNIST's digits, which start anywhere, move in any direction and bounce off the borders.

    Where digits overlap, the brighter pixel is seen. Training videos have training digits, and so on.

    Args:
        root, train_size, offline: as for ``MNIST``, whose substitute is used if its files cannot be had.
        size: height and width in pixels: 64, or 32 with digits of half the size.
        frames: number of frames.
        digits: number of digits in a video.
        n_train, n_validation, n_test: number of videos.
        moving_seed: seed of the digits and their paths; the same seed gives the same videos.
        options: settings of ``SetData``, and facts that the configuration states (levels, classes), which are checked.

    Raises:
        GenzooError: a setting is out of range, or as for ``MNIST``.

    Source: Srivastava et al. 2015, arXiv 1502.04681, section 4: two digits in 64 x 64 pixels. The step is unverified.

    Example:
        >>> MovingDigits("data", frames=8, size=32).spec.shape
        (1, 8, 32, 32)
    """

    name = "moving_digits"
    content = "videos"
    facts: ClassVar[dict[str, int]] = {"levels": 256, "classes": 0}

    def __init__(
        self,
        root: str | Path,
        size: int = 32,
        frames: int = 16,
        digits: int = 2,
        n_train: int = 10_000,
        n_validation: int = 1_000,
        n_test: int = 1_000,
        moving_seed: int = 0,
        train_size: int = 55_000,
        offline: bool = False,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        if size not in SIZES:
            raise GenzooError(f"data.size={size}: videos of moving digits have {' or '.join(map(str, SIZES))} pixels.")
        check_integer("data.frames", frames, 3)
        check_positive("data.digits", digits)
        self.numbers = split_sizes(n_train, n_validation, n_test)
        names = tuple(f"{name}_{i}" for i in range(digits) for name in FACTORS)
        super().__init__((1, frames, size, size), factors=names, **options)
        self.spec = self.spec._replace(axes="thw")
        self.frames, self.digits, self.moving_seed = frames, digits, moving_seed
        self.mnist = MNIST(root, train_size, offline=offline)

    def prepare_data(self) -> None:
        """Downloads MNIST's files if they are missing."""
        self.mnist.prepare_data()

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the digits and draws the splits."""
        found = self.mnist.load()
        self.source = self.mnist.source
        return {split: self._draw(found[split].images, split, n) for split, n in self.numbers.items()}

    def _draw(self, images: Tensor, split: str, n: int) -> ImageSet:
        """n videos of images (N, 1, 28, 28)."""
        if n and not len(images):
            raise GenzooError(
                f"data.n_{split}={n}: there are no {split} digits; set data.n_{split}=0, or a smaller data.train_size."
            )
        randomness = generator(self.moving_seed, self.name, split)
        chosen = torch.randint(max(len(images), 1), (n, self.digits), generator=randomness)
        start = torch.rand(n, self.digits, 2, generator=randomness)
        angle = 2 * torch.pi * torch.rand(n, self.digits, 1, generator=randomness)
        step = STEP * torch.cat([angle.cos(), angle.sin()], 2)
        side = SIZES[self.spec.size]
        small = F.avg_pool2d(images.float(), 28 // side).round().to(torch.uint8).squeeze(1)
        videos = torch.zeros(n, 1, self.frames, self.spec.size, self.spec.size, dtype=torch.uint8)
        for first in range(0, n, CHUNK):
            rows = slice(first, first + CHUNK)
            for digit in range(self.digits):
                path = places(start[rows, digit], step[rows, digit], self.frames)
                paste(videos[rows, 0], small[chosen[rows, digit]], path)
        return split_of(videos, factors=torch.cat([start, step], 2).flatten(1))

    def observables(self, images: Tensor) -> dict[str, Tensor]:
        """Observable -> its value for each video, (B,); see ``genzoo.data.motion``."""
        return observables(images)


def places(start: Tensor, step: Tensor, frames: int) -> Tensor:
    """Places in [0, 1] of points that bounce off 0 and 1, (N, frames, 2), of first places and steps (N, 2).

    >>> places(torch.tensor([[0.5, 0.25]]), torch.tensor([[0.25, -0.25]]), 4)[0].tolist()
    [[0.5, 0.25], [0.75, 0.0], [1.0, 0.25], [0.75, 0.5]]
    """
    unbounded = start[:, None] + torch.arange(frames)[:, None] * step[:, None]
    return 1 - (unbounded % 2 - 1).abs()


def paste(videos: Tensor, digits: Tensor, path: Tensor) -> None:
    """Draws digits (N, h, w) into videos (N, T, H, W), in place, at x and y, shares of the range, (N, T, 2)."""
    side, size = digits.shape[2], videos.shape[3]
    x, y = ((size - side) * path).round().long().unsqueeze(3).unbind(2)  # (N, T, 1) each
    rows, columns = (first + torch.arange(side) for first in (y, x))
    video, frame = torch.arange(len(videos)).view(-1, 1, 1, 1), torch.arange(videos.shape[1]).view(-1, 1, 1)
    where = (video, frame, rows.unsqueeze(3), columns.unsqueeze(2))
    videos[where] = torch.maximum(videos[where], digits[:, None])
