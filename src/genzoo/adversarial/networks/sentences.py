"""SeqGAN's discriminator of sentences, which also classifies them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.checks import check_integer, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.precision import in_float32
from genzoo.core.registry import register
from genzoo.nn.initialisation import glorot_initialisation


@register
class SentenceDiscriminator(nn.Module):
    """Convolutions of several widths over the words, their maxima over time, a highway layer, dropout, logits.

    The highway layer is x ← σ(T x) ReLU(H x) + (1 - σ(T x)) x.

    Args:
        words: size of the vocabulary.
        length: number of words of a sentence.
        widths: of the convolutions, in words.
        maps: number of maps of each.
        embedding: width of a word's embedding.
        dropout: probability that a feature is dropped.
        outputs: number of logits: two of a discriminator, or those of a classifier.

    Raises:
        GenzooError: a size is not positive, widths and maps are not equally many, a convolution is wider than a
            sentence, or the probability is out of range.

    Source: Yu et al. 2017, arXiv 1609.05473, section 3.3; LantaoYu/SeqGAN, discriminator.py: embeddings U(-1, 1),
        weights N(0, 0.1²) cut at two deviations, biases 0.1. Glorot's uniform weights in the highway layer, as
        TensorFlow's default, are unverified; its biases are 0.

    Example:
        >>> network = SentenceDiscriminator(words=5, length=4, widths=[1, 4], maps=[3, 2], embedding=2)
        >>> network(torch.zeros(7, 4, dtype=torch.long)).shape
        torch.Size([7, 2])
    """

    def __init__(
        self,
        words: int,
        length: int,
        widths: Sequence[int],
        maps: Sequence[int],
        embedding: int = 64,
        dropout: float = 0.25,
        outputs: int = 2,
    ):
        super().__init__()
        for key, sizes in {"words": [words], "length": [length], "embedding": [embedding], "maps": maps}.items():
            for size in sizes:
                check_positive(f"model.discriminator.{key}", size)
        check_integer("model.discriminator.outputs", outputs, 2)
        if not 0 < len(widths) == len(maps):
            raise GenzooError(
                f"model.discriminator.widths, maps: {len(widths)} and {len(maps)} values; one of each is needed for "
                "each convolution."
            )
        for width in widths:
            check_integer("model.discriminator.widths", width, 1, length)
        if not 0 <= dropout < 1:
            raise GenzooError(f"model.discriminator.dropout={dropout}: a probability below 1 is needed.")
        self.words, self.length = words, length
        self.embedding = nn.Embedding(words, embedding)
        self.convolutions = nn.ModuleList(nn.Conv1d(embedding, n, width) for width, n in zip(widths, maps, strict=True))
        features = sum(maps)
        self.transform, self.gate = nn.Linear(features, features), nn.Linear(features, features)
        self.dropout, self.output = nn.Dropout(dropout), nn.Linear(features, outputs)
        nn.init.uniform_(self.embedding.weight, -1, 1)
        for layer in (*self.convolutions, self.output):
            nn.init.trunc_normal_(layer.weight, std=0.1, a=-0.2, b=0.2)
            nn.init.constant_(layer.bias, 0.1)
        for layer in (self.transform, self.gate):
            glorot_initialisation(layer)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (B, outputs) of sentences, int64 (B, length): of a discriminator, of "generated" and "real"."""
        x = self.embedding(tokens).mT
        x = torch.cat([F.relu(convolution(x)).amax(2) for convolution in self.convolutions], 1)
        gate = self.gate(x).sigmoid()
        x = gate * F.relu(self.transform(x)) + (1 - gate) * x
        return in_float32(self.output, self.dropout(x))


def check_sentences(player: str, generator: Any, judge: Any) -> None:
    """Checks that a network judges such sentences as a generator draws.

    Raises:
        GenzooError: their vocabularies or lengths differ; names both.
    """
    sizes = (generator.words, generator.length), (judge.words, judge.length)
    if sizes[0] != sizes[1]:
        raise GenzooError(
            f"model.generator, model.{player}: {sizes[0]} and {sizes[1]} (words, length); equal ones are needed."
        )
