"""C-RNN-GAN's networks, of sequences of events of a few real numbers.

Source: Mogren 2016, arXiv 1611.09904; olofmogren/c-rnn-gan, rnn_gan.py: weights of linear layers N(0, 1), biases 0,
    dropout also after the last layer. The initial weights of the LSTMs, TensorFlow's default (Glorot's uniform ones,
    biases 0, the forget gate's 1), are unverified.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_unit
from genzoo.core.precision import in_float32
from genzoo.core.registry import register
from genzoo.nn.initialisation import normal_initialisation

Shape = tuple[int, int]


class Layers(nn.Module):
    """Layers of an LSTM with dropout after each: (B, T, inputs) -> (B, T, hidden), in float32."""

    def __init__(self, inputs: int, hidden: int, layers: int, dropout: float):
        super().__init__()
        check_positive("model: hidden", hidden)
        check_positive("model: layers", layers)
        if not 0 <= dropout < 1:
            raise GenzooError(f"model: dropout={dropout}: a probability below 1 is needed.")
        self.lstm = nn.LSTM(inputs, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0)
        self.dropout = nn.Dropout(dropout)
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("weight"):
                fan_in = hidden + (inputs if name.endswith("_l0") else hidden)  # of input and state together
                bound = math.sqrt(6 / (fan_in + 4 * hidden))
                nn.init.uniform_(parameter, -bound, bound)
            else:
                nn.init.zeros_(parameter)
                if name.startswith("bias_ih"):
                    nn.init.ones_(parameter.data[hidden : 2 * hidden])  # input, forget, cell, output

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Outputs (B, T, hidden), and the state after them."""
        outputs, state = in_float32(lambda x: self.lstm(x, state), x)
        return self.dropout(outputs), state


@register
class Generator(nn.Module):
    """An LSTM that reads noise u_t in [0, 1) and the event before: x_t = W LSTM(ReLU(V [u_t, x_{t-1}])).

    x_0 is noise, too. Outputs are not limited.

    Args:
        latent: width of the code: the numbers of T + 1 events, in [-1, 1).
        shape: (numbers of an event, T) of the sequences.
        hidden: width of the input layer and of each layer of the LSTM.
        layers: number of layers of the LSTM.
        dropout: probability that an output of a layer is dropped in training.

    Raises:
        GenzooError: a size is not positive, or the probability is out of range.

    Example:
        >>> Generator(latent=24, shape=(4, 5), hidden=3)(torch.zeros(2, 24)).shape
        torch.Size([2, 4, 5])
    """

    def __init__(self, latent: int, shape: Shape, hidden: int = 350, layers: int = 2, dropout: float = 0.5):
        super().__init__()
        self.shape = tuple(shape)
        numbers, _ = shape
        self.input = nn.Linear(2 * numbers, hidden)
        self.layers = Layers(hidden, hidden, layers, dropout)
        self.output = nn.Linear(hidden, numbers)
        normal_initialisation(self, std=1)

    def step(self, noise: Tensor, before: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """The events (B, n, numbers) that follow those before, by noise of the same shape; and the state after them."""
        # In float32, since bfloat16 rounds frequencies to 2 Hz, and some CPUs have no LSTM for it.
        hidden, state = self.layers(F.relu(in_float32(self.input, torch.cat([noise, before], 2))), state)
        return in_float32(self.output, hidden), state

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> sequences (B, numbers, T)."""
        event, *noise = to_unit(z).unflatten(1, (-1, 1, self.shape[0])).unbind(1)
        events, state = [], None
        for u in noise:
            event, state = self.step(u, event, state)
            events.append(event)
        return torch.cat(events, 1).mT

    def predict(self, z: Tensor, events: Tensor) -> Tensor:
        """A prediction of each event (B, numbers, n), given those before it and codes (B, latent); n is at most T."""
        first, noise = to_unit(z).unflatten(1, (-1, self.shape[0])).split([1, self.shape[1]], 1)
        n = events.shape[2]
        predicted, _ = self.step(noise[:, :n], torch.cat([first, events.mT[:, :-1]], 1))
        return predicted.mT


@register
class Discriminator(nn.Module):
    """Two LSTMs, one of them backwards in time; D(x) = 1/T Σ_t σ(w [h_t, h'_t] + b), returned as its logit.

    Args:
        shape: (numbers of an event, T) of the sequences.
        hidden: width of each layer of each LSTM.
        layers: number of layers of each LSTM.
        dropout: probability that an input, or an output of a layer, is dropped in training.

    Raises:
        GenzooError: a size is not positive, or the probability is out of range.

    Example:
        >>> Discriminator(shape=(4, 5), hidden=3)(torch.zeros(2, 4, 5)).shape
        torch.Size([2])
    """

    def __init__(self, shape: Shape, hidden: int = 350, layers: int = 2, dropout: float = 0.5):
        super().__init__()
        self.shape = tuple(shape)
        numbers, _ = shape
        self.dropout = nn.Dropout(dropout)
        self.onwards, self.backwards = (Layers(numbers, hidden, layers, dropout) for _ in range(2))
        self.decision = nn.Linear(2 * hidden, 1)
        normal_initialisation(self, std=1)

    def features(self, images: Tensor) -> Tensor:
        """Sequences (B, numbers, T) -> outputs of both LSTMs, (B, T 2 hidden)."""
        x = self.dropout(images.mT)
        (onwards, _), (backwards, _) = self.onwards(x), self.backwards(x.flip(1))
        return torch.cat([onwards, backwards.flip(1)], 2).flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """Sequences (B, numbers, T) -> logits (B,)."""
        logits = in_float32(self.decision, self.features(images).unflatten(1, (self.shape[1], -1))).squeeze(2)
        return F.logsigmoid(logits).logsumexp(1) - F.logsigmoid(-logits).logsumexp(1)
