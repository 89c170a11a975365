"""Samples of lines in a formal language: valid, distinct and new ones."""

from genzoo.core.batches import Tokens
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_positive
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.data.readable import Formal
from genzoo.metrics.evaluation import Evaluation

STANDARD = 10_000


@register
class Validity:
    """The shares of valid, distinct and new samples, of sets that decide what is valid.

    Args:
        samples: number of samples; names end in ``_n<samples>`` if it is not 10,000.
        seed: seed of the samples.

    Raises:
        GenzooError: the number is not a positive integer.

    Source: molecularsets/moses, moses/metrics/metrics.py: fraction_valid, fraction_unique, novelty.
    """

    needs = frozenset({Samples, Tokens})

    def __init__(self, samples: int = STANDARD, seed: int = 0):
        check_positive("metrics.validity.samples", samples)
        self.samples, self.seed = samples, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``valid``; ``unique``, the number of different valid samples, divided by that of all valid ones; and
        ``novel``, the share of these different ones that are not among the training lines.

        Empty for data without such a decision; without the last two if no sample is valid.
        """
        if not isinstance(data, Formal):
            return Evaluation()
        tokens = module.sample(self.samples, generator=generator(self.seed, "validity")).flatten(1)
        found = [line for line in data.canonical([data.spec.text(row) for row in tokens.tolist()]) if line is not None]
        values = {"valid": len(found) / self.samples}
        if different := {*found}:
            known = {data.spec.text(row) for row in data.split("train").images.flatten(1).tolist()}
            values |= {"unique": len(different) / len(found), "novel": len(different - known) / len(different)}
        suffix = "" if self.samples == STANDARD else f"_n{self.samples}"
        protocol = {"samples": self.samples, "seed": self.seed}
        return Evaluation({f"{name}{suffix}": value for name, value in values.items()}, protocol=protocol)
