"""Diagrammatic reasoning: six diagrams that follow a rule, the sixth of which is to be found."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import ImageSet
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.drawn_diagrams import SIZE, VALUES, draw
from genzoo.data.facts import check_facts
from genzoo.data.module import SetData, split_of
from genzoo.data.sizes import split_sizes

FRAMES = 6  #: diagrams of a problem; the last one is the answer


@register
class Diagrams(SetData):
    """Problems as videos (1, 6, 32, 32): a hand, a dot on a ring, bars, a frame, each of which changes by a step.

    Attribute i has the value (start_i + t step_i) mod n_i in diagram t, where start and step are uniform, so that two
    diagrams determine all others. The other options for the sixth diagram each have one attribute wrong, one option for
    each attribute.

    Args:
        size, frames: height and width in pixels, and number of diagrams; facts.
        n_train, n_validation, n_test: number of problems.
        diagrams_seed: seed of the problems; the same seed gives the same ones.
        options: settings of ``SetData``, and facts that the configuration states (levels, classes), which are checked.

    Raises:
        GenzooError: a setting is out of range.

    Source: the task, five diagrams and a choice of the sixth: Ghosh et al. 2017, arXiv 1609.09444 (DAT-DAR, whose
        diagrams are not at hand).

    Example:
        >>> data = Diagrams(n_train=8, n_test=3)
        >>> data.spec.shape, data.choices("test").shape
        ((1, 6, 32, 32), torch.Size([3, 5, 1, 32, 32]))
    """

    name = "diagrams"
    content = "problems"
    facts: ClassVar[dict[str, int]] = {"size": SIZE, "frames": FRAMES, "levels": 2, "classes": 0}

    def __init__(
        self,
        size: int = SIZE,
        frames: int = FRAMES,
        n_train: int = 10_000,
        n_validation: int = 1_000,
        n_test: int = 1_000,
        diagrams_seed: int = 0,
        **options: Any,
    ):
        check_facts(self.name, self.facts, {"size": size, "frames": frames, **options})
        self.numbers, self.diagrams_seed = split_sizes(n_train, n_validation, n_test), diagrams_seed
        names = tuple(f"{name}_{part}" for part in ("start", "step") for name in VALUES)
        super().__init__((1, FRAMES, SIZE, SIZE), factors=names, **options | {"levels": 2})
        self.spec = self.spec._replace(axes="thw")

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._draw(split, n) for split, n in self.numbers.items()}

    def _draw(self, split: str, n: int) -> ImageSet:
        randomness = generator(self.diagrams_seed, self.name, split)
        sizes = torch.tensor([*VALUES.values()])
        start, step = ((torch.rand(n, len(sizes), generator=randomness) * sizes).long() for _ in range(2))
        values = (start[:, None] + torch.arange(FRAMES)[:, None] * step[:, None]) % sizes  # (n, diagrams, attributes)
        return split_of(draw(values)[:, None], factors=torch.cat([start, step], 1).float())

    def choices(self, split: str) -> Tensor:
        """The options for the last diagram of each problem, levels, uint8 (N, 5, 1, 32, 32), the right one first."""
        factors = self.split(split).factors
        assert factors is not None
        start, step = factors.long().chunk(2, 1)
        sizes = torch.tensor([*VALUES.values()])
        answer = start + (FRAMES - 1) * step
        randomness = generator(self.diagrams_seed, self.name, split, "choices")
        wrong = 1 + (torch.rand(len(answer), len(sizes), generator=randomness) * (sizes - 1)).long()  # never 0
        changes = F.pad(torch.diag_embed(wrong), (0, 0, 1, 0))  # none, then one attribute each
        return draw((answer[:, None] + changes) % sizes)[:, :, None]
