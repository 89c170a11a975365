"""An LSTM over sequences of tokens: probabilities, draws and completions of prefixes."""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genzoo.core.checks import check_positive
from genzoo.core.precision import in_float32
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register

ROWS = 256  #: sequences whose next tokens are drawn together; their probabilities stay in the cache


@register
class LanguageLSTM(nn.Module):
    """p(y) = Π_t softmax(W h_t + b)[y_t], where h_t is the hidden state of an LSTM that has read y_0 .. y_{t-1}.

    The state is zero before the start token y_0 = 0, which is also a word.

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

    def start(self, n: int) -> Tensor:
        """The state after the start token, (2, n, hidden): hidden state and memory cell."""
        nothing = self.gates.weight.new_zeros(2, n, self.output.in_features)
        return self.step(torch.zeros(n, dtype=torch.long, device=nothing.device), nothing)

    def step(self, tokens: Tensor, state: Tensor) -> Tensor:
        """The state (2, n, hidden) after further tokens (n,): c ← σ(f) c + σ(i) tanh(g), h = σ(o) tanh(c)."""
        h, c = state
        i, f, g, o = self.gates(torch.cat([self.embedding(tokens), h], 1)).to(c.dtype).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return torch.stack([o.sigmoid() * c.tanh(), c])

    def log_prob(self, tokens: Tensor) -> Tensor:
        """log p(y_t | y_1 .. y_{t-1}) in nats, (n, length), of tokens, int64 (n, length)."""
        states = [self.start(len(tokens))]
        for token in tokens[:, :-1].unbind(1):
            states.append(self.step(token, states[-1]))
        logits = in_float32(self.output, torch.stack([h for h, _ in states], 1))
        return -F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none").view_as(tokens)

    @torch.no_grad()
    def draw(self, n: int, generator: Generator | None = None, temperature: float = 1.0) -> Tensor:
        """n sequences, int64 (n, length), from softmax(logits / temperature)."""
        state, drawn = self.start(n), []
        for _ in range(self.length):
            drawn.append(self.next_tokens(state, generator, temperature))
            state = self.step(drawn[-1], state)
        return torch.stack(drawn, 1)

    @torch.no_grad()
    def complete_prefixes(self, tokens: Tensor, times: int) -> Tensor:
        """Completions of each proper prefix, int64 (length - 1, times, n, length), of tokens (n, length).

        Those at index t - 1 begin with the first t tokens. At each position, all of them are drawn together.
        """
        paths = tokens.expand(self.length - 1, times, *tokens.shape).clone()
        state = self.start(len(tokens))
        under_way = state[:, :0]
        for t in range(1, self.length):
            state = self.step(tokens[:, t - 1], state)
            under_way = self.step(paths[: t - 1, :, :, t - 1].flatten(), under_way)
            under_way = torch.cat([under_way, state.repeat(1, times, 1)], 1)
            paths[:t, :, :, t] = self.next_tokens(under_way).view(t, *paths.shape[1:3])
        return paths

    def next_tokens(self, state: Tensor, generator: Generator | None = None, temperature: float = 1.0) -> Tensor:
        """One draw (n,) of the token after each state (2, n, hidden), by the inverse of its cumulative probability."""
        h, _ = state
        place = drawing_device(generator, h.device)
        uniform = torch.rand(len(h), 1, generator=generator, device=place).to(h.device)
        drawn = []
        for part, u in zip(h.split(ROWS), uniform.split(ROWS), strict=True):
            sums = (in_float32(self.output, part) / temperature).softmax(1).cumsum(1)
            drawn.append(torch.searchsorted(sums, u * sums[:, -1:], right=True).clamp(max=self.words - 1))
        return torch.cat(drawn).squeeze(1)
