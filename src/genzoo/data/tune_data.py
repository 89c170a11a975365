"""The base of sets of tunes."""

from typing import Any, ClassVar

from torch import Tensor

from genzoo.core.checks import check_positive
from genzoo.data.events import FIELDS
from genzoo.data.facts import check_facts
from genzoo.data.module import SetData
from genzoo.data.music_statistics import observables


class TuneData(SetData):
    """Base of sets of tunes, float (4, T): a column for each event, as ``genzoo.data.events`` says.

    Args:
        events: T, number of events of a tune.
        factors: names of the factors.
        options: settings of ``SetData``, and facts that the configuration states (levels, classes), which are checked.

    Raises:
        GenzooError: a setting is out of range.
    """

    content = "tunes"
    facts: ClassVar[dict[str, int | None]] = {"levels": None, "classes": 0}

    def __init__(self, events: int, factors: tuple[str, ...] = (), **options: Any):
        options = check_facts(self.name, self.facts, options)
        check_positive("data.events", events)
        super().__init__((len(FIELDS), events), factors=factors, **options)
        self.spec = self.spec._replace(axes="e")

    def observables(self, images: Tensor) -> dict[str, Tensor]:
        """Observable -> its value for each tune, (B,); see ``genzoo.data.music_statistics``."""
        return observables(images)
