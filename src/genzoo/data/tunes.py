"""Tunes of a grammar, with known key and metre."""

from collections.abc import Mapping
from typing import Any

from genzoo.core.batches import ImageSet
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.events import to_tunes
from genzoo.data.module import split_of
from genzoo.data.sizes import split_sizes
from genzoo.data.tune_data import TuneData
from genzoo.data.tune_grammar import FACTORS, draw_tunes


@register
class Tunes(TuneData):
    """Tunes in two voices, drawn by a grammar of keys, metres, chords and melodies (``genzoo.data.tune_grammar``).

    Args:
        events: number of events of a tune.
        n_train, n_validation, n_test: number of tunes.
        tunes_seed: the same seed gives the same tunes.
        options: of ``TuneData``.

    Raises:
        GenzooError: a setting is out of range.

    Example:
        >>> tunes = Tunes(events=16, n_train=8).split("train")
        >>> tunes.images.shape, tunes.factors.shape
        (torch.Size([8, 4, 16]), torch.Size([8, 3]))
    """

    name = "tunes"

    def __init__(
        self,
        events: int = 100,
        n_train: int = 4_000,
        n_validation: int = 500,
        n_test: int = 1_000,
        tunes_seed: int = 0,
        **options: Any,
    ):
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__(events, FACTORS, **options)
        self.tunes_seed = tunes_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._draw(split, n) for split, n in self.numbers.items()}

    def _draw(self, split: str, n: int) -> ImageSet:
        notes, factors = draw_tunes(n, self.spec.size, generator(self.tunes_seed, self.name, split))
        return split_of(to_tunes(notes), factors=factors)
