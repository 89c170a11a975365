"""Recurrent networks over sequences of tokens: probabilities, draws and completions of prefixes."""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genzoo.core.precision import in_float32
from genzoo.core.randomness import drawing_device

ROWS = 256  #: sequences whose next tokens are drawn together; their probabilities stay in the cache


class RecurrentLanguage(nn.Module):
    """p(y) = Π_t softmax(W h_t + b)[y_t], where h_t is the hidden state of a network that has read y_0 .. y_{t-1}.

    The state is zero before the start token y_0 = 0, which is also a word. It consists of the hidden states and the
    memory cells of all layers, and of what the sequences' classes, if they have any, give to each step. Subclasses set
    ``words``, ``length`` and ``output``, and implement ``step`` and ``states``.
    """

    words: int  #: number of words
    length: int  #: number of tokens of a sequence
    layers = 1
    output: nn.Linear  #: from the last layer's hidden state to the words' logits

    def step(self, tokens: Tensor, state: Tensor) -> Tensor:
        """The state (2 layers, n, hidden) after further tokens (n,)."""
        raise NotImplementedError

    def states(self, tokens: Tensor, before: Tensor) -> Tensor:
        """h_1 .. h_T of the last layer, (n, length, hidden), of tokens, int64 (n, length), and of the first state."""
        raise NotImplementedError

    def before(self, n: int, classes: Tensor | None = None) -> Tensor:
        """The state before the start token, (2 layers, n, hidden)."""
        return self.output.weight.new_zeros(2 * self.layers, n, self.output.in_features)

    def start(self, n: int, classes: Tensor | None = None) -> Tensor:
        """The state after the start token, (2 layers, n, hidden)."""
        before = self.before(n, classes)
        return self.step(torch.zeros(n, dtype=torch.long, device=before.device), before)

    def log_prob(self, tokens: Tensor, classes: Tensor | None = None) -> Tensor:
        """log p(y_t | y_1 .. y_{t-1}) in nats, (n, length), of tokens, int64 (n, length)."""
        logits = in_float32(self.output, self.states(tokens, self.before(len(tokens), classes)))
        return -F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none").view_as(tokens)

    @torch.no_grad()
    def draw(
        self,
        n: int,
        generator: Generator | None = None,
        temperature: float = 1.0,
        classes: Tensor | None = None,
    ) -> Tensor:
        """n sequences, int64 (n, length), from softmax(logits / temperature)."""
        state, drawn = self.start(n, classes), []
        for _ in range(self.length):
            drawn.append(self.next_tokens(state, generator, temperature))
            state = self.step(drawn[-1], state)
        return torch.stack(drawn, 1)

    @torch.no_grad()
    def complete_prefixes(self, tokens: Tensor, times: int, classes: Tensor | None = None) -> Tensor:
        """Completions of each proper prefix, int64 (length - 1, times, n, length), of tokens (n, length).

        Those at index t - 1 begin with the first t tokens. At each position, all of them are drawn together.
        """
        paths = tokens.expand(self.length - 1, times, *tokens.shape).clone()
        state = self.start(len(tokens), classes)
        under_way = state[:, :0]
        for t in range(1, self.length):
            state = self.step(tokens[:, t - 1], state)
            under_way = self.step(paths[: t - 1, :, :, t - 1].flatten(), under_way)
            under_way = torch.cat([under_way, state.repeat(1, times, 1)], 1)
            paths[:t, :, :, t] = self.next_tokens(under_way).view(t, *paths.shape[1:3])
        return paths

    def next_tokens(self, state: Tensor, generator: Generator | None = None, temperature: float = 1.0) -> Tensor:
        """One draw (n,) of the token after each state, by the inverse of its cumulative probability."""
        h = state[self.layers - 1]
        place = drawing_device(generator, h.device)
        uniform = torch.rand(len(h), 1, generator=generator, device=place).to(h.device)
        drawn = []
        for part, u in zip(h.split(ROWS), uniform.split(ROWS), strict=True):
            sums = (in_float32(self.output, part) / temperature).softmax(1).cumsum(1)
            drawn.append(torch.searchsorted(sums, u * sums[:, -1:], right=True).clamp(max=self.words - 1))
        return torch.cat(drawn).squeeze(1)
