"""Diagonal BiLSTM: LSTMs along the diagonals from both upper corners; covers all previous pixels."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.autoregressive.networks.lstm import PixelRNN, lstm_step
from genzoo.core.registry import register
from genzoo.nn.masked import MaskedConv2d, down_shift
from genzoo.nn.steps import Steps


def skew(x: Tensor) -> Tensor:
    """(..., H, W) -> (..., H, H + W - 1): row i is shifted right by i and padded with 0, so that diagonals are columns.

    >>> skew(torch.tensor([[1, 2], [3, 4]])).tolist()
    [[1, 2, 0], [0, 3, 4]]
    """
    height, width = x.shape[-2:]
    return F.pad(x, (0, height)).flatten(-2)[..., :-height].unflatten(-1, (height, height + width - 1))


def unskew(x: Tensor) -> Tensor:
    """Inverts ``skew``.

    >>> unskew(torch.tensor([[1, 2, 0], [0, 3, 4]])).tolist()
    [[1, 2], [3, 4]]
    """
    height, diagonals = x.shape[-2:]
    return F.pad(x.flatten(-2), (0, height)).unflatten(-1, (height, diagonals + 1))[..., : diagonals - height + 1]


class DiagonalBiLSTMLayer(nn.Module):
    """Two LSTMs over the image's diagonals; the gates of a state depend on its input and the states above and beside.

    One LSTM runs from the left, the other from the right, over the mirrored map. The states of the second one are
    shifted down by one row before both are added, since pixels to the right in the same row are not previous pixels,
    but those in the row above are. Both run their H + W - 1 steps together, as groups of one convolution; the
    input-to-state convolution is computed for the whole map at once.

    Args:
        inputs: number of feature maps.
        hidden: h.
        colours: see ``MaskedConv2d``.

    Source: van den Oord et al. 2016, arXiv 1601.06759, section 3.2 and figure 3.
    """

    steps: "DiagonalSteps | None" = None  #: cache during incremental evaluation

    def __init__(self, inputs: int, hidden: int, colours: int):
        super().__init__()
        self.hidden = hidden
        self.input_to_state = MaskedConv2d(inputs, 8 * hidden, 1, "B", colours, parts=8)
        self.state_to_state = nn.Conv1d(2 * hidden, 8 * hidden, 2, bias=False, groups=2)  # causal

    def remember(self, batch: int, width: int) -> Steps:
        """Returns the cache for incremental evaluation; see ``genzoo.nn.steps``."""
        return DiagonalSteps(self, batch, width)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, inputs, H, W) -> states (B, h, H, W)."""
        gates = self.input_to_state(x).unflatten(1, (2, 4, -1))
        if self.steps is not None:
            return self.steps(gates)
        from_left, from_right = gates.unbind(1)
        diagonals = skew(torch.stack([from_left, from_right.flip(-1)], dim=1))  # (B, 2, 4, h, H, H + W - 1)
        state = cell = torch.zeros_like(diagonals[:, :, 0, ..., 0])  # (B, 2, h, H)
        states = []
        for diagonal in diagonals.unbind(-1):
            # In the previous diagonal, the same row has the state beside the pixel, the row before has that above it.
            before = self.state_to_state(F.pad(state.flatten(1, 2), (1, 0))).unflatten(1, (2, 4, -1))
            state, cell = (
                new.unflatten(0, (-1, 2)) for new in lstm_step((diagonal + before).flatten(0, 1), cell.flatten(0, 1))
            )
            states.append(state)
        from_left, from_right = unskew(torch.stack(states, dim=-1)).unbind(1)
        return from_left + down_shift(from_right.flip(-1))


class DiagonalSteps:
    """The cache of a Diagonal BiLSTM: for each direction the row above, and the gate inputs of its own row.

    The direction from the right processes a row after it is complete, before the next row needs it.

    Args:
        layer: the LSTM.
        batch: number of images.
        width: width of the map, in pixels.
    """

    def __init__(self, layer: DiagonalBiLSTMLayer, batch: int, width: int):
        weight, h = layer.state_to_state.weight, layer.hidden
        # The kernel's first weight is for the state above, the second for the state beside.
        self.left, self.right = (half.movedim(2, 1).flatten(1) for half in weight.chunk(2))
        self.width, self.column = width, 0
        self.above, self.from_right = (weight.new_zeros(batch, h, width) for _ in range(2))
        self.row, self.cells = (weight.new_zeros(batch, h, 1 + width) for _ in range(2))  # begin with a 0
        self.gates_from_right = weight.new_zeros(batch, 4, h, width)

    def __call__(self, gates: Tensor) -> Tensor:
        """Returns the state (B, h, 1, 1), given the input's part of both directions' gates (B, 2, 4, h, 1, 1)."""
        j, (from_left, from_right) = self.column, gates[..., 0, 0].unbind(1)
        self.gates_from_right[..., j] = from_right
        beside, cell = self.row[..., j], self.cells[..., j]
        state, self.cells[..., j + 1] = _step(from_left, self.left, self.above[..., j], beside, cell)
        self.row[..., j + 1] = state
        return (state + self.from_right[..., j])[..., None, None]

    def move_to(self, column: int) -> None:
        """See ``Steps``."""
        self.column = column

    def next_row(self) -> None:
        """Runs the direction from the right over the completed row."""
        self.above.copy_(self.row[..., 1:])
        state = cell = torch.zeros_like(self.above[..., 0])
        for j in reversed(range(self.width)):
            above, gates = self.from_right[..., j], self.gates_from_right[..., j]
            state, cell = _step(gates, self.right, above, state, cell)
            self.from_right[..., j] = state

    def correct(self, pixel: Tensor) -> None:
        """Does nothing: the layer's input is not the image."""

    def forget(self) -> None:
        """Sets the cache to zero."""
        self.above.zero_()
        self.from_right.zero_()


def _step(gates: Tensor, matrix: Tensor, above: Tensor, beside: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the new state and cell (B, h) of a pixel, from gates (B, 4, h), previous states and the cell beside."""
    before = F.linear(torch.cat([above, beside], dim=1), matrix)
    return lstm_step(gates + before.unflatten(1, (4, -1)), cell)


@register
class DiagonalBiLSTM(PixelRNN):
    """PixelRNN with Diagonal BiLSTMs; the receptive field is all previous pixels, with one exception.

    The first convolution has mask A, so features do not include their own pixel, and no feature of a row includes the
    row's last pixel. In the row below, only the last four columns see that pixel, through the first convolution.

    Args:
        kwargs: arguments of ``PixelRNN``, except ``lstm``.

    Source: van den Oord et al. 2016, arXiv 1601.06759, section 3.2.

    Example:
        >>> network = DiagonalBiLSTM(channels=1, colours=1, outputs=1, hidden=4, layers=2, readout=8)
        >>> network(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, **kwargs: Any):
        super().__init__(DiagonalBiLSTMLayer, **kwargs)
