"""Row LSTM: processes an image row by row; each state depends on the states above it."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.autoregressive.networks.lstm import PixelRNN, lstm_step
from genzoo.core.registry import register
from genzoo.nn.masked import MaskedConv2d
from genzoo.nn.steps import Steps


class RowLSTMLayer(nn.Module):
    """An LSTM that runs down the image: the gates of a row from the states above (3 wide) and its input (masked).

    The input-to-state convolution is computed for the whole map at once, followed by H steps.

    Args:
        inputs: number of feature maps.
        hidden: h.
        colours: see ``MaskedConv2d``.

    Source: van den Oord et al. 2016, arXiv 1601.06759, section 3.1 and equation 3.
    """

    steps: "RowLSTMSteps | None" = None  #: cache during incremental evaluation

    def __init__(self, inputs: int, hidden: int, colours: int):
        super().__init__()
        self.hidden = hidden
        self.input_to_state = MaskedConv2d(inputs, 4 * hidden, (1, 3), "B", colours, parts=4)
        self.state_to_state = nn.Conv1d(hidden, 4 * hidden, 3, padding=1, bias=False)  # causal: no mask

    def remember(self, batch: int, width: int) -> Steps:
        """Returns the cache for incremental evaluation; see ``genzoo.nn.steps``."""
        return RowLSTMSteps(self, batch, width)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, inputs, H, W) -> states (B, h, H, W)."""
        gates = self.input_to_state(x).unflatten(1, (4, -1))
        if self.steps is not None:
            return self.steps(gates)
        state = cell = torch.zeros_like(gates[:, 0, :, 0])
        states = []
        for row in gates.unbind(3):
            state, cell = lstm_step(row + self.state_to_state(state).unflatten(1, (4, -1)), cell)
            states.append(state)
        return torch.stack(states, dim=2)


class RowLSTMSteps:
    """The cache of a Row LSTM: states and cells of the row above, and of its own row so far.

    Args:
        layer: the LSTM.
        batch: number of images.
        width: width of the map, in pixels.
    """

    def __init__(self, layer: RowLSTMLayer, batch: int, width: int):
        weight = layer.state_to_state.weight
        self.matrix, self.column = weight.flatten(1), 0
        self.above, self.row = (weight.new_zeros(batch, layer.hidden, width + 2) for _ in range(2))  # padded
        self.cells_above, self.cells = (weight.new_zeros(batch, layer.hidden, width) for _ in range(2))

    def __call__(self, gates: Tensor) -> Tensor:
        """Returns the state (B, h, 1, 1), given the input's contribution to the gates (B, 4, h, 1, 1)."""
        here = slice(self.column, self.column + 1)
        from_above = F.linear(self.above[..., self.column : self.column + 3].flatten(1), self.matrix)
        gates = gates.squeeze(-1) + from_above.unflatten(1, (4, -1)).unsqueeze(-1)
        state, self.cells[..., here] = lstm_step(gates, self.cells_above[..., here])
        self.row[..., self.column + 1 : self.column + 2] = state
        return state.unsqueeze(-1)

    def move_to(self, column: int) -> None:
        """See ``Steps``."""
        self.column = column

    def next_row(self) -> None:
        """The current row becomes the row above."""
        self.above.copy_(self.row)
        self.cells_above.copy_(self.cells)

    def correct(self, pixel: Tensor) -> None:
        """Does nothing: the layer's input is not the image."""

    def forget(self) -> None:
        """Sets the cache to zero."""
        self.above.zero_()
        self.cells_above.zero_()


@register
class RowLSTM(PixelRNN):
    """PixelRNN with Row LSTMs; the receptive field above is a triangle, one column wider on each side per row.

    Args:
        kwargs: arguments of ``PixelRNN``, except ``lstm``.

    Source: van den Oord et al. 2016, arXiv 1601.06759, section 3.1.

    Example:
        >>> network = RowLSTM(channels=1, colours=1, outputs=1, hidden=4, layers=2, readout=8)
        >>> network(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, **kwargs: Any):
        super().__init__(RowLSTMLayer, **kwargs)
