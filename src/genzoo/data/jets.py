"""Images of jets of two classes."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.jet_images import PARTS, observables
from genzoo.data.jet_simulator import simulate
from genzoo.data.module import SetData, split_of
from genzoo.data.sizes import split_sizes


@register
class Jets(SetData):
    """Images of 25 x 25 pixels of jets, of QCD (class 0) and of W bosons (class 1), drawn by a toy.

    An image is a vector of the transverse momenta of the pixels in GeV, (625,), whose one part is the image. Every
    other image is of a W boson.

    Args:
        n_train, n_validation, n_test: number of jets.
        jets_seed: the same seed gives the same jets.
        options: settings of ``SetData``, and facts that the configuration states (levels, classes), which are checked.

    Raises:
        GenzooError: a setting is out of range.

    Source: pixels, classes and transverse momenta: arXiv 1701.05927. Its jets are Pythia's, these are not.

    Example:
        >>> data = Jets(n_train=8)
        >>> jets = data.split("train")
        >>> jets.images.shape, jets.labels.tolist(), [*data.observables(jets.images)]
        (torch.Size([8, 625]), [0, 1, 0, 1, 0, 1, 0, 1], ['transverse_momentum', 'mass', 'tau_21', 'sparsity'])
    """

    name = "jets"
    content = "jets"
    facts: ClassVar[dict[str, int | None]] = {"levels": None, "classes": 2}

    def __init__(
        self,
        n_train: int = 90_000,
        n_validation: int = 1_000,
        n_test: int = 10_000,
        jets_seed: int = 0,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__((PARTS.width,), **options)
        self.spec = self.spec._replace(axes="", parts=PARTS)
        self.jets_seed = jets_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._draw(split, n) for split, n in self.numbers.items()}

    def _draw(self, split: str, n: int) -> ImageSet:
        classes = torch.arange(n) % 2
        return split_of(simulate(classes, generator(self.jets_seed, self.name, split)), classes)

    def observables(self, images: Tensor) -> dict[str, Tensor]:
        """Observable -> its value for each jet, (B,); see ``genzoo.data.jet_images``."""
        return observables(images)
