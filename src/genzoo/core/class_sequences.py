"""The base class of models of sequences of given classes."""

import math
from typing import Any, Protocol

import torch
from torch import Generator, Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch
from genzoo.core.capabilities import SamplesClasses
from genzoo.core.checks import check_classes
from genzoo.core.errors import GenzooError
from genzoo.core.protocols import check_network
from genzoo.core.randomness import drawing_device
from genzoo.core.sequence_module import SequenceModule


class ClassLanguageNetwork(Protocol):
    """Computes the probability of each token of a sequence, given the earlier ones and its class."""

    words: int  #: size of the vocabulary
    length: int  #: number of tokens of a sequence
    classes: int  #: number of classes

    def log_prob(self, tokens: Tensor, classes: Tensor) -> Tensor:
        """log p(y_t | y_1 .. y_{t-1}, class) in nats, (B, T), of tokens, int64 (B, T), and classes (B,)."""

    def draw(self, n: int, generator: Generator | None, temperature: float, classes: Tensor) -> Tensor:
        """n sequences, int64 (n, T), of classes (n,)."""


class ClassSequenceModule(SequenceModule):
    """A module of sequences (B, 1, T) of given classes, all of which are equally frequent.

    Args:
        network: a ``ClassLanguageNetwork``.
        kwargs: of ``SequenceModule``.

    Raises:
        GenzooError: a setting is out of range, or the network is of another kind.
    """

    pool = "labelled"

    def __init__(self, network: nn.Module, **kwargs: Any):
        check_network(network, ClassLanguageNetwork, "model")
        super().__init__(network, **kwargs)
        self.label_classes = self.network.classes

    def capabilities(self) -> frozenset[type]:
        """It also draws sequences of given classes."""
        return super().capabilities() | {SamplesClasses}

    @classmethod
    def check_kind(cls, data: DataSpec) -> None:
        """Also refuses data without classes."""
        super().check_kind(data)
        if not data.classes:
            raise GenzooError(
                f"data={data.name} has no classes, but the model's sequences have one; choose data=oracle_sentences "
                "data.classes=2, or a model without classes, such as model=seqgan."
            )

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data with another number of classes."""
        super().check_data(data)
        if isinstance(data, DataSpec):
            check_classes("model.network.classes", self.network.classes, data)

    def given(self, real: ImageBatch) -> dict[str, Tensor]:
        """The classes of the real sequences."""
        return {"classes": real.labels}

    def log_probability(self, tokens: Tensor) -> Tensor:
        """log p(y) = log 1/K Σ_class p(y | class) in nats, (B,), of tokens, int64 (B, T)."""
        of_each = [
            self.network.log_prob(tokens, tokens.new_full((len(tokens),), index)).sum(1)
            for index in range(self.label_classes)
        ]
        return torch.stack(of_each).logsumexp(0) - math.log(self.label_classes)

    def draw(self, n: int, labels: Tensor | None, generator: Generator | None, temperature: float) -> Tensor:
        """n sequences, int64 (n, T), of classes (n,); None = random ones."""
        if labels is None:
            place = drawing_device(generator, self.device)
            labels = torch.randint(self.label_classes, (n,), generator=generator, device=place).to(self.device)
        return self.network.draw(n, generator, temperature, labels)
