"""An LSTM over sequences of words."""

import torch
from torch import Generator, Tensor, nn

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
        i, f, g, o = self.gates(torch.cat([self.embedding(tokens), h], 1)).to(c.dtype).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return torch.stack([o.sigmoid() * c.tanh(), c])

    def states(self, tokens: Tensor) -> Tensor:
        """See ``RecurrentLanguage``."""
        states = [self.start(len(tokens))]
        for token in tokens[:, :-1].unbind(1):
            states.append(self.step(token, states[-1]))
        return torch.stack([h for h, _ in states], 1)
