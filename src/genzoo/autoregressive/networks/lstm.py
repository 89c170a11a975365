"""Code shared by the two LSTMs over images."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from genzoo.autoregressive.checks import check_sizes
from genzoo.autoregressive.networks.base import CausalNetwork, Readout
from genzoo.nn.masked import MaskedConv2d


def lstm_step(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """c ← σ(f) c + σ(i) tanh(g), h = σ(o) tanh(c): the new h and c.

    Args:
        gates: o, f, i, g before the nonlinearities, (B, 4, h, n).
        cell: c, (B, h, n).

    >>> import torch
    >>> gates = torch.tensor([0.0, 50.0, -50.0, 9.0]).view(1, 4, 1, 1)  # forget gate 1, input gate 0
    >>> torch.allclose(lstm_step(gates, torch.ones(1, 1, 1))[0], 0.5 * torch.ones(1, 1, 1).tanh())
    True
    """
    o, f, i = gates[:, :3].sigmoid().unbind(1)
    cell = f * cell + i * gates[:, 3].tanh()
    return o * cell.tanh(), cell


class ResidualLSTM(nn.Module):
    """x + a 1 x 1 convolution of an LSTM over the image.

    Args:
        lstm: LSTM with 2 h input maps and h output maps.
        hidden: h.
        colours: see ``MaskedConv2d``.

    Source: van den Oord et al. 2016, arXiv 1601.06759, figure 5 (right).
    """

    def __init__(self, lstm: nn.Module, hidden: int, colours: int):
        super().__init__()
        self.lstm, self.upsample = lstm, MaskedConv2d(hidden, 2 * hidden, 1, "B", colours)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 2 h, H, W) -> the same shape."""
        return x + self.upsample(self.lstm(x))


class PixelRNN(CausalNetwork):
    """A 7 x 7 convolution with mask A, residual LSTMs, two 1 x 1 convolutions.

    Args:
        lstm: factory of an LSTM over the image; called with ``inputs``, ``hidden`` and ``colours``.
        channels, colours: see ``CausalNetwork``.
        outputs: parameters per pixel.
        hidden: h, the width of the LSTMs; there are 2 h maps between them.
        layers: number of LSTMs.
        readout: number of maps of the layer before the last.

    Raises:
        GenzooError: a size is not a positive integer.

    Source: van den Oord et al. 2016, arXiv 1601.06759, table 1.
    """

    def __init__(
        self,
        lstm: Callable[..., nn.Module],
        channels: int,
        colours: int,
        outputs: int,
        hidden: int,
        layers: int,
        readout: int,
    ):
        super().__init__(channels, colours)
        check_sizes(hidden=hidden, layers=layers, readout=readout)
        self.first = MaskedConv2d(channels, 2 * hidden, 7, "A", colours)
        lstms = (lstm(inputs=2 * hidden, hidden=hidden, colours=colours) for _ in range(layers))
        self.lstms = nn.Sequential(*(ResidualLSTM(layer, hidden, colours) for layer in lstms))
        self.readout = Readout(2 * hidden, readout, outputs, colours)

    def across(self, images: Tensor, vertical: Sequence[Tensor]) -> Tensor:
        """Runs the whole network: the LSTMs carry the information about the rows above."""
        return self.readout(self.lstms(self.first(images)))
