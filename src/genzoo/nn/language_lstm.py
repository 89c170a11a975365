"""An LSTM over sequences of words."""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.nn.recurrent_language import RecurrentLanguage


@register
class LanguageLSTM(RecurrentLanguage):
    """p(y) = Π_t softmax(W h_t + b)[y_t], where h_t is the hidden state of an LSTM that has read y_0 .. y_{t-1}.

    Args:
        words: number of words.
        length: number of tokens of a sequence.
        embedding: width of a word's embedding.
        hidden: width of the state.
        std: standard deviation of all initial parameters, biases included.
        generator: of the initial parameters; None = the global one.

    Raises:
        GenzooError: a size is not a positive integer.

    Source: Yu et al. 2017, arXiv 1609.05473, equations 9 and 10; LantaoYu/SeqGAN, generator.py.

    Example:
        >>> network = LanguageLSTM(words=5, length=3)
        >>> tokens = network.draw(2)
        >>> tokens.shape, network.log_prob(tokens).shape
        (torch.Size([2, 3]), torch.Size([2, 3]))
    """

    def __init__(
        self,
        words: int,
        length: int,
        embedding: int = 32,
        hidden: int = 32,
        std: float = 0.1,
        generator: Generator | None = None,
    ):
        super().__init__()
        for key, value in (("words", words), ("length", length), ("embedding", embedding), ("hidden", hidden)):
            check_positive(f"LSTM: {key}", value)
        self.words, self.length = words, length
        self.embedding = nn.Embedding(words, embedding)
        self.gates = nn.Linear(embedding + hidden, 4 * hidden)
        self.output = nn.Linear(hidden, words)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=std, generator=generator)

    def step(self, tokens: Tensor, state: Tensor) -> Tensor:
        """The state (2, n, hidden) after further tokens (n,): c ← σ(f) c + σ(i) tanh(g), h = σ(o) tanh(c)."""
        h, c = state
        return torch.stack(self.cell(self.inputs(tokens, h), c))

    def inputs(self, tokens: Tensor, h: Tensor) -> Tensor:
        """The inputs i, f, g, o of the gates, (n, 4 hidden), of further tokens (n,) and hidden states (n, hidden)."""
        return self.gates(torch.cat([self.embedding(tokens), h], 1))

    @staticmethod
    def cell(inputs: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """The hidden state and the memory cell (n, hidden) after inputs of the gates and the memory cell."""
        i, f, g, o = inputs.to(c.dtype).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    def states(self, tokens: Tensor, before: Tensor) -> Tensor:
        """See ``RecurrentLanguage``."""
        states, state = [], before
        for token in F.pad(tokens[:, :-1], (1, 0)).unbind(1):  # from the start token on
            state = self.step(token, state)
            states.append(state[0])
        return torch.stack(states, 1)
