"""The networks of DRAW: one step of encoder and decoder, and reading and writing without attention.

Source: Gregor et al. 2015, arXiv 1502.04623, sections 2 and 3.1. The paper does not state the initial weights; here as
in
    Glorot, Bengio 2010 (AISTATS), biases at 0 (see docs/draw.md).
"""

import torch
from torch import Tensor, nn

from genzoo.core.precision import at_least_float32, in_float32
from genzoo.core.registry import register
from genzoo.variational.gaussian import Gaussian

State = tuple[Tensor, Tensor]  # hidden vector and cells of an LSTM, each (B, hidden)


@register
class WholeReader(nn.Module):
    """read(x, x̂, h) = [x, x̂].

    Args:
        shape: (C, H, W) of the images.
        hidden: width of the decoder's hidden vector, which is not used.

    Source: arXiv 1502.04623, equation 17.

    Example:
        >>> x = torch.zeros(3, 1, 28, 28)
        >>> WholeReader((1, 28, 28), hidden=256)(x, x, torch.zeros(3, 256)).shape
        torch.Size([3, 1568])
    """

    def __init__(self, shape: tuple[int, int, int], hidden: int):
        super().__init__()
        self.outputs = 2 * torch.Size(shape).numel()

    def forward(self, x: Tensor, error: Tensor, h: Tensor) -> Tensor:
        """Images x and x̂ (B, C, H, W) -> (B, outputs)."""
        return torch.cat([x, error], 1).flatten(1)


@register
class WholeWriter(nn.Module):
    """write(h) is a linear function of h.

    Args:
        shape: (C, H, W) of the canvas.
        hidden: width of the decoder's hidden vector.

    Source: arXiv 1502.04623, equation 18.

    Example:
        >>> WholeWriter((1, 28, 28), hidden=256)(torch.zeros(3, 256)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(self, shape: tuple[int, int, int], hidden: int):
        super().__init__()
        self.shape = tuple(shape)
        self.patch = nn.Linear(hidden, torch.Size(shape).numel())

    def forward(self, h: Tensor) -> Tensor:
        """Hidden vectors (B, hidden) -> addition to the canvas, (B, C, H, W)."""
        return in_float32(self.patch, h).unflatten(1, self.shape)

    def frames(self, h: Tensor) -> None:
        """Returns None: it writes to the whole canvas."""


class Encoder(nn.Module):
    """Reads the image and outputs the posterior of the next step: equations 4 to 6, and 1 and 2.

    Args:
        reader: maps x, x̂ and the decoder's hidden vector to (B, outputs).
        hidden: width of its LSTM, and of the decoder's.
        units: latent variables per step.
    """

    def __init__(self, reader: nn.Module, hidden: int, units: int):
        super().__init__()
        self.reader = reader
        self.lstm = nn.LSTMCell(reader.outputs + hidden, hidden)
        self.posterior = nn.Linear(hidden, 2 * units)
        self.start = nn.Parameter(torch.zeros(2, hidden))
        _initialise(self)

    def initial(self, n: int) -> State:
        """Returns the learned initial state of the LSTM, for n images."""
        return tuple(self.start.unsqueeze(1).expand(-1, n, -1))

    def forward(self, x: Tensor, error: Tensor, decoded: Tensor, state: State) -> tuple[Gaussian, State]:
        """One step.

        Args:
            x: images in [0, 1], (B, C, H, W).
            error: x̂, the difference between images and canvas, (B, C, H, W).
            decoded: the decoder's hidden vector, (B, hidden).
            state: state of the LSTM.

        Returns:
            q(z_t|x, z_1 .. z_t-1), (B, units), and the new state.
        """
        read = self.reader(x, error, decoded)
        state = self.lstm(torch.cat([read, decoded], 1), state)
        return Gaussian(*at_least_float32(self.posterior(state[0])).chunk(2, 1)), state


class Decoder(nn.Module):
    """Maps the latent variables of a step to an addition to the canvas: equations 7 and 8.

    Args:
        writer: maps the hidden vector to an addition to the canvas.
        shape: (C, H, W) of the canvas.
        hidden: width of its LSTM.
        units: latent variables per step.
    """

    def __init__(self, writer: nn.Module, shape: tuple[int, int, int], hidden: int, units: int):
        super().__init__()
        self.writer = writer
        self.lstm = nn.LSTMCell(units, hidden)
        self.start = nn.Parameter(torch.zeros(2, hidden))
        self.canvas = nn.Parameter(torch.zeros(tuple(shape)))
        _initialise(self)

    def initial(self, n: int) -> tuple[Tensor, State]:
        """Returns the learned initial canvas and LSTM state, for n images."""
        return self.canvas.expand(n, -1, -1, -1), tuple(self.start.unsqueeze(1).expand(-1, n, -1))

    def forward(self, z: Tensor, canvas: Tensor, state: State) -> tuple[Tensor, State]:
        """One step: latent variables (B, units), canvas (B, C, H, W), state -> the new canvas and state."""
        state = self.lstm(z, state)
        return canvas + self.writer(state[0]), state


def _initialise(network: nn.Module) -> None:
    for m in network.modules():
        if isinstance(m, nn.Linear | nn.LSTMCell):
            for name, parameter in m.named_parameters():
                nn.init.zeros_(parameter) if "bias" in name else nn.init.xavier_uniform_(parameter)
