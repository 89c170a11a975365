"""char-rnn: layers of LSTMs over sequences of characters."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.checks import check_positive
from genzoo.core.precision import in_float32
from genzoo.core.registry import register
from genzoo.nn.recurrent_language import RecurrentLanguage


@register
class CharRNN(RecurrentLanguage):
    """An LSTM of several layers, each of which reads the hidden states of the previous one, the first the characters.

    Initial parameters are uniform on [-0.08, 0.08]; biases of the forget gates are 1 more.

    Args:
        words: number of characters.
        length: number of characters of a sequence.
        hidden: width of each layer.
        layers: number of layers.

    Raises:
        GenzooError: a size is not a positive integer.

    Source: karpathy/char-rnn, model/LSTM.lua and train.lua.

    Example:
        >>> network = CharRNN(words=5, length=3, hidden=4)
        >>> network.log_prob(network.draw(2)).shape
        torch.Size([2, 3])
    """

    def __init__(self, words: int, length: int, hidden: int = 128, layers: int = 2):
        super().__init__()
        for key, value in (("words", words), ("length", length), ("hidden", hidden), ("layers", layers)):
            check_positive(f"model.network.{key}", value)
        self.words, self.length, self.layers = words, length, layers
        self.lstm = nn.LSTM(words, hidden, layers, batch_first=True)
        self.output = nn.Linear(hidden, words)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.08, 0.08)
        for layer in range(layers):
            forget = getattr(self.lstm, f"bias_ih_l{layer}")[hidden : 2 * hidden]  # gates: input, forget, cell, output
            nn.init.ones_(forget)

    def read(self, tokens: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The last layer's hidden states (n, t, hidden) and the state after tokens (n, t) and a state."""
        one_hot = F.one_hot(tokens, self.words).to(self.output.weight)
        before = state.chunk(2)
        h, after = in_float32(lambda x: self.lstm(x, before), one_hot)  # on a CPU, LSTMs have no half precision
        return h, torch.cat(after)

    def step(self, tokens: Tensor, state: Tensor) -> Tensor:
        """See ``RecurrentLanguage``."""
        _, after = self.read(tokens[:, None], state)
        return after

    def states(self, tokens: Tensor, before: Tensor) -> Tensor:
        """See ``RecurrentLanguage``."""
        h, _ = self.read(F.pad(tokens[:, :-1], (1, 0)), before)  # from the start token on
        return h
