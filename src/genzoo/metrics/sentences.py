"""Samples of tokens, as text."""

from genzoo.core.batches import Tokens
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_positive
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.evaluation import Evaluation


@register
class SampleSentences:
    """Writes samples as ``sentences.txt``, one per line, always from the same random numbers.

    Args:
        samples: their number.
        seed: seed of the random numbers.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({Samples, Tokens})

    def __init__(self, samples: int = 100, seed: int = 0):
        check_positive("metrics.sentences.samples", samples)
        self.samples, self.seed = samples, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns the file; words, but not characters, are separated by blanks."""
        tokens = module.sample(self.samples, generator=generator(self.seed, "sentences")).squeeze(1)
        lines = "".join(f"{data.spec.text(sentence)}\n" for sentence in tokens.tolist())
        return Evaluation(files={"sentences.txt": lines.encode()})
