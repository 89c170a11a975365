"""The base class of models of sequences of tokens."""

from typing import Any, Protocol

import torch
from torch import Generator, Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch
from genzoo.core.capabilities import Samples, SamplesAtTemperature, ScoresLikelihood
from genzoo.core.checks import check_labels, check_levels, check_positive, check_temperature
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network


class LanguageNetwork(Protocol):
    """Computes the probability of each token of a sequence, given the earlier ones."""

    words: int  #: size of the vocabulary
    length: int  #: number of tokens of a sequence

    def log_prob(self, tokens: Tensor) -> Tensor:
        """log p(y_t | y_1 .. y_{t-1}) in nats, (B, T), of tokens, int64 (B, T)."""

    def draw(self, n: int, generator: Generator | None = None, temperature: float = 1.0) -> Tensor:
        """n sequences, int64 (n, T)."""


class SequenceModule(ImageModule):
    """A module of sequences of tokens, (B, 1, T), whose probabilities a network computes.

    Args:
        network: the language network.
        temperature: 1 = the model's distribution; lower = likelier sequences.
        sampling_batch: number of sequences drawn together.
        kwargs: of ``RoundModule``.

    Raises:
        GenzooError: a setting is out of range, or the network is of another kind.
    """

    unit = "sequences"
    axes = "t"
    pool = "train"  #: that training sequences come from, see ``Stream``
    label_classes = 0  #: number of classes that sequences are asked for by; 0 = none
    network: Any  #: a ``LanguageNetwork``

    def __init__(self, network: nn.Module, temperature: float = 1.0, sampling_batch: int = 1000, **kwargs: Any):
        super().__init__(**kwargs)
        check_network(network, LanguageNetwork, "model")
        check_positive("model.sampling_batch", sampling_batch)
        self.network, self.sampling_batch = network, sampling_batch
        self.temperature = check_temperature(temperature)
        self.image_shape, self.levels = (1, self.network.length), self.network.words

    def capabilities(self) -> frozenset[type]:
        """It samples and computes exact likelihoods."""
        return frozenset({Samples, SamplesAtTemperature, ScoresLikelihood})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses sequences of another length, or of another number of words."""
        if isinstance(data, DataSpec) and data.vocabulary:
            if data.size != self.network.length:
                raise GenzooError(
                    f"data={data.name} has sequences of {data.size} tokens, but the model is built for "
                    f"{self.network.length}; set the same length for its networks, or choose other data."
                )
            if len(data.vocabulary) != self.network.words:
                raise GenzooError(
                    f"data={data.name} has a vocabulary of {len(data.vocabulary)} words, but the model is built for "
                    f"{self.network.words}; set the same words for its networks, or choose other data."
                )
        super().check_data(data)

    def given(self, real: ImageBatch) -> dict[str, Tensor]:
        """What the network is told of sequences such as the real ones, as keyword arguments: nothing."""
        return {}

    def likelihood_loss(self, real: ImageBatch) -> Tensor:
        """-1/T Σ_t log p(y_t | y_1 .. y_{t-1}) in nats, mean over the sequences."""
        log_prob = self.network.log_prob(real.images.squeeze(1).long(), **self.given(real))
        return -at_least_float32(log_prob).mean()

    @in_inference
    def log_prob(self, levels: Tensor, n_importance: int = 1, generator: Generator | None = None) -> Tensor:
        """log p(y) in nats, (B,), of tokens (B, 1, T); it is exact, so the other arguments have no effect.

        Raises:
            GenzooError: sequences of another shape, or a token that is none of the words.
        """
        if tuple(levels.shape[1:]) != self.image_shape:
            raise GenzooError(
                f"log_prob: sequences of shape {tuple(levels.shape)} were given, but the model is built for (number, 1,"
                f" {self.network.length}); give such sequences, or train a model for these."
            )
        check_levels("log_prob", levels, self.network.words)
        return self.log_probability(levels.squeeze(1).long())

    def log_probability(self, tokens: Tensor) -> Tensor:
        """log p(y) in nats, (B,), of tokens, int64 (B, T)."""
        return self.network.log_prob(tokens).sum(1)

    def draw(self, n: int, labels: Tensor | None, generator: Generator | None, temperature: float) -> Tensor:
        """n sequences, int64 (n, T)."""
        return self.network.draw(n, generator, temperature)

    @in_inference
    def sample(
        self,
        n: int,
        labels: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float | None = None,
    ) -> Tensor:
        """n sequences of tokens, int64 (n, 1, T), of the given classes (n,) if the model has classes.

        Raises:
            GenzooError: no sequences, wrong labels, or the temperature is not positive.
        """
        check_positive("number of sequences", n)
        labels = check_labels(labels, n, self.label_classes, self.device)
        temperature = check_temperature(self.temperature if temperature is None else temperature)
        drawn = [
            self.draw(len(part), None if labels is None else labels[part], generator, temperature)
            for part in torch.arange(n).split(self.sampling_batch)
        ]
        return torch.cat(drawn).unsqueeze(1)
