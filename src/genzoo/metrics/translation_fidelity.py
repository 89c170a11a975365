"""Fidelity of translations to the images of their domain."""

from collections.abc import Callable

from torch import Tensor

from genzoo.core.batches import Images
from genzoo.core.capabilities import Translates
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.two_domains import OneDomain, TwoDomainData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.fidelity import Fidelity
from genzoo.metrics.translated import translated


@register
class TranslationFidelity:
    """Compares the translations of a split with the images of their domain in the feature space of a fixed network.

    Args:
        fidelity: the comparison; its ``samples`` is the number of images that are translated, evenly spaced over the
            split, and None stands for all. Names of values state the number where it is not the protocol's.
    """

    needs = frozenset({Translates, Images})

    def __init__(self, fidelity: Fidelity):
        self.fidelity = fidelity

    def __call__(self, module: RoundModule, data: TwoDomainData, split: str) -> Evaluation:
        """Returns the values of ``Fidelity``, of each direction, with ``_ab`` or ``_ba``.

        Raises:
            GenzooError: no extractor fits a domain, or a split has too few images.
        """
        values, protocol = {}, {}
        for found in translated(module, data, split, self.fidelity.samples):
            target = OneDomain(data, found.domains[1])
            target.setup()
            one = self.fidelity.compare(in_order(found.translated), len(found.translated), module, target)
            values |= {f"{name}_{found.name}": value for name, value in one.values.items()}
            protocol[found.name] = one.protocol
        return Evaluation(values, protocol=protocol)


def in_order(images: Tensor) -> Callable[[int], Tensor]:
    """A function that returns the next m of images (N, ...).

    >>> import torch
    >>> draw = in_order(torch.arange(5))
    >>> draw(2), draw(3)
    (tensor([0, 1]), tensor([2, 3, 4]))
    """
    rest = images

    def draw(m: int) -> Tensor:
        nonlocal rest
        first, rest = rest[:m], rest[m:]
        return first

    return draw
