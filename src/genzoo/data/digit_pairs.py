"""Pairs of digits, the second of which is drawn from the first by a rule."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor
from torch.nn.functional import max_pool2d

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError, near
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.mnist import MNIST
from genzoo.data.two_domains import TwoDomainData


def edges(levels: Tensor) -> Tensor:
    """The dilated image, the maximum over 3 x 3 pixels, minus the image, for levels (N, 1, H, W), uint8.

    Source: mingyuliutw/CoGAN, cogan_pytorch/src/dataset_mnist.py, MNISTEDGE.

    >>> import torch
    >>> edges(torch.tensor([[[[0, 0, 9, 0, 0]]]], dtype=torch.uint8)).flatten().tolist()
    [0, 9, 0, 9, 0]
    """
    return (max_pool2d(levels.float(), 3, 1, 1) - levels).to(levels.dtype)


def negatives(levels: Tensor) -> Tensor:
    """255 minus the level."""
    return 255 - levels


def rotated(levels: Tensor) -> Tensor:
    """The image turned left by 90 degrees."""
    return levels.rot90(1, (-2, -1))


KINDS: Mapping[str, Callable[[Tensor], Tensor]] = {"edges": edges, "negatives": negatives, "rotated": rotated}


@register
class DigitPairs(TwoDomainData):
    """MNIST and its edges, negatives, or digits turned by 90 degrees.

    Args:
        root, train_size, offline: as for ``MNIST``, whose substitute is used if its files cannot be had.
        kind: ``"edges"``, ``"negatives"`` or ``"rotated"``, which is also the name of the second domain; the first is
            ``digits``.
        paired: whether a training digit is in both domains. If not, the digits of the second half of the training
            images are in the second domain alone, and the others in the first; then there are no pairs to train on.
            Validation and test images are always pairs.
        options: of ``TwoDomainData``.

    Raises:
        GenzooError: there is no such kind, or as for ``MNIST``.

    Source: CoGAN (Liu, Tuzel 2016, arXiv 1606.07536), section 4; mingyuliutw/CoGAN, cogan_pytorch/src/dataset_mnist.py.

    Example:
        >>> DigitPairs("data", kind="edges").spec.domains
        ('digits', 'edges')
    """

    name = "digit_pairs"
    classifier = "mnist"
    facts: ClassVar[dict[str, int]] = {"size": 28, "channels": 1, "target_channels": 1, "levels": 256, "classes": 10}

    def __init__(
        self,
        root: str | Path,
        kind: str = "edges",
        paired: bool = True,
        train_size: int = 55_000,
        offline: bool = False,
        **options: Any,
    ):
        if kind not in KINDS:
            raise GenzooError(f"data.kind={kind}: unknown. {near(kind, KINDS)}")
        options = check_facts(self.name, self.facts, options)
        super().__init__(domains=("digits", kind), paired=paired, **options)
        self.rule, self.digits = KINDS[kind], MNIST(root, train_size, offline=offline)

    def prepare_data(self) -> None:
        """Downloads MNIST's files if they are missing."""
        self.digits.prepare_data()

    def load_domains(self) -> tuple[Mapping[str, ImageSet], Mapping[str, ImageSet]]:
        """Reads the digits and draws their partners."""
        first = dict(self.digits.load())
        second = dict(first)
        self.source = self.digits.source
        if not self.spec.paired:
            half = len(first["train"].images) // 2
            first["train"], second["train"] = first["train"].at(slice(half)), first["train"].at(slice(half, None))
        return first, {split: found._replace(images=self.rule(found.images)) for split, found in second.items()}

    def are_partners(self, split: str) -> bool:
        """Whether the i-th images of both domains are one digit."""
        return self.spec.paired or split != "train"
