"""Samples of tunes, as MIDI files."""

from genzoo.core.batches import Events
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_positive
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.events import to_notes
from genzoo.data.midi import write_midi
from genzoo.data.module import SetData
from genzoo.metrics.evaluation import Evaluation


@register
class SampleTunes:
    """Writes samples as ``tune-<n>.mid``, always from the same random numbers.

    Args:
        samples: their number.
        seed: seed of the random numbers.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({Samples, Events})

    def __init__(self, samples: int = 5, seed: int = 0):
        check_positive("metrics.tunes.samples", samples)
        self.samples, self.seed = samples, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns the files."""
        notes = to_notes(module.sample(self.samples, generator=generator(self.seed, "tunes")))
        return Evaluation(files={f"tune-{i}.mid": write_midi(notes.at(i)) for i in range(self.samples)})
