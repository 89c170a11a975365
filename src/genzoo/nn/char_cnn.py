"""Convolutions and a recurrent network over the characters of sentences."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.checks import check_integer, check_positive
from genzoo.core.registry import register
from genzoo.core.text import ALPHABET

KERNEL, POOL = 4, 3
SHORTEST = 48  #: length of the sentences for which one step is left


@register
class CharCNNRNN(nn.Module):
    """Two convolutions over one-hot characters, each with max pooling, one without, and a GRU; the mean over its steps.

    Args:
        outputs: width of the embedding.
        length: of the sentences in characters, at least 48.
        channels: of the three convolutions.
        hidden: width of the GRU.

    Raises:
        GenzooError: a width is not positive, or the sentences are too short.

    Source: Reed et al. 2016, arXiv 1605.05395, section 3.2; reedscot/cvpr2016, modules/HybridCNNLong.lua (the layers
        without a third pooling) and FixedGRU.lua.

    Example:
        >>> import torch
        >>> CharCNNRNN(outputs=5, length=64, channels=[2, 2, 2], hidden=3)(torch.zeros(7, 64, dtype=torch.uint8)).shape
        torch.Size([7, 5])
    """

    def __init__(self, outputs: int, length: int, channels: Sequence[int] = (384, 512, 256), hidden: int = 256):
        super().__init__()
        check_positive("model.embedding.text_encoder.outputs", outputs)
        check_positive("model.embedding.text_encoder.hidden", hidden)
        check_integer("model.embedding.text_encoder.length", length, SHORTEST)
        self.length, self.outputs = length, outputs
        first, second, third = channels
        self.convolutions = nn.Sequential(
            *(nn.Conv1d(len(ALPHABET), first, KERNEL), nn.ReLU(), nn.MaxPool1d(POOL)),
            *(nn.Conv1d(first, second, KERNEL), nn.ReLU(), nn.MaxPool1d(POOL)),
            *(nn.Conv1d(second, third, KERNEL), nn.ReLU()),
        )
        self.recurrent = nn.GRU(third, hidden, batch_first=True)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """Sentences (B, length), see ``genzoo.core.text`` -> embeddings (B, outputs)."""
        characters = F.one_hot(numbers.long(), 1 + len(ALPHABET))[..., 1:]  # the end is a row of zeros
        steps, _ = self.recurrent(self.convolutions(characters.mT.to(self.head.weight.dtype)).mT)
        return self.head(steps.mean(1))
