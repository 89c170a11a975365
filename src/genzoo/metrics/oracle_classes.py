"""Whether sequences of given classes are of these, under the distributions that the data are drawn from."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from genzoo.core.batches import Tokens
from genzoo.core.capabilities import SamplesClasses
from genzoo.core.checks import check_positive
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.evaluation import Evaluation

STANDARD = 10_000


@runtime_checkable
class ClassOracles(Protocol):
    """Sequences of classes whose distributions are known."""

    def class_log_prob(self, tokens: Tensor) -> Tensor:
        """log p(y | class) in nats, (N, classes), of sequences of tokens (N, 1, T), on the CPU."""
        ...


@register
class OracleClasses:
    """Samples y of each class, and how likely they are under the distribution p(y | class) of the data.

    The share of samples of which no other class is more probable is that of the best classifier there is, since
    classes are equally frequent. That of the split's own sentences is the most that can be reached by their law.

    Args:
        samples: number of samples, of the classes in turn; names end in ``_n<samples>`` if it is not 10,000.
        seed: seed of the samples.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({SamplesClasses, Tokens})

    def __init__(self, samples: int = STANDARD, seed: int = 0):
        check_positive("metrics.oracle_classes.samples", samples)
        self.samples, self.seed = samples, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``oracle_class``, the share of samples of the class asked for, and ``oracle_nll_of_class``,
        -1/T log p(y | class) in nats per token; both, too, with ``_data``, of the split's own sequences.

        Empty if the distributions are not known; without the last two if the split is empty.
        """
        if not isinstance(data, ClassOracles) or not data.spec.classes:
            return Evaluation()
        suffix = "" if self.samples == STANDARD else f"_n{self.samples}"
        labels = torch.arange(self.samples) % module.label_classes
        made = module.sample(self.samples, labels, generator(self.seed, "oracle_classes")).cpu()
        values = of_classes(data.class_log_prob(made), labels, made.shape[-1], suffix)
        own = data.evaluation_images(split)
        if len(own.images):
            values |= of_classes(data.class_log_prob(own.images), own.labels, made.shape[-1], "_data")
        return Evaluation(values, protocol={"samples": self.samples, "seed": self.seed, "sequences": len(own.images)})


def of_classes(log_prob: Tensor, labels: Tensor, length: int, suffix: str = "") -> dict[str, float]:
    """The values of sequences, as ``OracleClasses`` names them, of log p(y | class) (N, K) and classes (N,).

    >>> of_classes(torch.tensor([[-2.0, -4.0], [-1.0, -8.0]]), torch.tensor([0, 1]), length=2)
    {'oracle_class': 0.5, 'oracle_nll_of_class': 2.5}
    """
    right = (log_prob.argmax(1) == labels).float().mean().item()
    nll = -log_prob.gather(1, labels[:, None]).mean().item() / length
    return {f"oracle_class{suffix}": right, f"oracle_nll_of_class{suffix}": nll}
