"""Parts of the networks against their definition."""

import itertools

import pytest
import torch
from torch import nn

from genzoo.autoregressive.networks.diagonal_bilstm import DiagonalBiLSTM, DiagonalBiLSTMLayer, skew, unskew
from genzoo.autoregressive.networks.fully_gated import FullyGatedPixelCNN, GatedReadout
from genzoo.autoregressive.networks.gated_pixelcnn import GatedPixelCNN
from genzoo.autoregressive.networks.lstm import ResidualLSTM
from genzoo.autoregressive.networks.pixelcnn import PixelCNN, ResidualBlock
from genzoo.autoregressive.networks.pixelcnn_pp import PixelCNNPP
from genzoo.autoregressive.networks.row_lstm import RowLSTM, RowLSTMLayer
from genzoo.core.errors import GenzooError
from support.causal import NETWORKS, lively, one_hot


def test_blocks_are_residual():
    x = torch.randn(2, 8, 3, 3)
    for block, last in (
        (made := ResidualBlock(4, 3, 1), made.layers[-1]),
        (made := ResidualLSTM(RowLSTMLayer(8, 4, 1), 4, 1), made.upsample),
    ):
        assert not torch.allclose(block(x), x)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        assert torch.equal(block(x), x)


@torch.no_grad()
def test_a_gated_readout_is_the_originals_formula():
    torch.manual_seed(0)
    readout = GatedReadout(hidden=3, outputs=2, colours=1, condition=4)
    x, c = torch.randn(5, 3, 2, 2), torch.randn(5, 4)
    bias = (c @ readout.condition.weight.T).chunk(4, dim=1)  # tanh and sigmoid of the first layer, of the second

    def gated(layer, x, of_tanh, of_sigmoid):
        f, g = torch.einsum("oi,bihw->bohw", layer.weight[..., 0, 0], x).chunk(2, dim=1)
        f_bias, g_bias = layer.bias.chunk(2)
        f, g = f + (f_bias + of_tanh)[..., None, None], g + (g_bias + of_sigmoid)[..., None, None]
        return f.tanh() * g.sigmoid()

    y = gated(readout.second, gated(readout.first, x, *bias[:2]), *bias[2:])
    expected = torch.einsum("oi,bihw->bohw", readout.outputs.weight[..., 0, 0], y)
    expected = expected + readout.outputs.bias[:, None, None]
    torch.testing.assert_close(readout(x, readout.bias_maps(c, x)), expected)


def cells_of(gates, hidden, state, cell):
    """torch's own LSTM cell, without biases, of gates in our order o, f, i, g."""
    o, f, i, g = gates.split(hidden, dim=1)
    reference = nn.LSTMCell(4 * hidden, hidden, bias=False).double()  # takes the gates as they are
    reference.weight_ih.data, reference.weight_hh.data = (
        torch.eye(4 * hidden).double(),
        torch.zeros_like(reference.weight_hh),
    )
    return reference(torch.cat([i, f, g, o], dim=1), (state, cell))


@torch.no_grad()
def test_the_row_lstm_is_torchs_cell_pixel_by_pixel():
    torch.manual_seed(0)
    layer = RowLSTMLayer(6, 3, 1).double()
    x = torch.randn(2, 6, 4, 5, dtype=torch.double)
    inputs, weight = layer.input_to_state(x), layer.state_to_state.weight
    nothing = torch.zeros(2, 3, dtype=torch.double)
    states, cells = {}, {}
    for i in range(4):
        for j in range(5):
            above = [states.get((i - 1, j + d), nothing) for d in (-1, 0, 1)]
            gates = inputs[:, :, i, j] + sum(h @ weight[:, :, k].T for k, h in enumerate(above))
            states[i, j], cells[i, j] = cells_of(gates, 3, nothing, cells.get((i - 1, j), nothing))
    found = layer(x)
    for (i, j), state in states.items():
        torch.testing.assert_close(found[:, :, i, j], state)


@torch.no_grad()
def test_the_diagonal_bilstm_is_torchs_cell_pixel_by_pixel():
    torch.manual_seed(0)
    layer = DiagonalBiLSTMLayer(6, 3, 1).double()
    x = torch.randn(2, 6, 4, 5, dtype=torch.double)
    inputs, nothing = layer.input_to_state(x), torch.zeros(2, 3, dtype=torch.double)
    directions = []
    for k, columns in enumerate((range(5), range(4, -1, -1))):
        back = -1 if k == 0 else 1  # where the pixel beside lies
        weight = layer.state_to_state.weight[12 * k : 12 * k + 12]
        states, cells = {}, {}
        for i in range(4):
            for j in columns:
                above, beside = states.get((i - 1, j), nothing), states.get((i, j + back), nothing)
                gates = inputs[:, 12 * k : 12 * k + 12, i, j] + above @ weight[:, :, 0].T + beside @ weight[:, :, 1].T
                states[i, j], cells[i, j] = cells_of(gates, 3, nothing, cells.get((i, j + back), nothing))
        directions.append(states)
    found = layer(x)
    for i in range(4):
        for j in range(5):
            expected = directions[0][i, j] + directions[1].get((i - 1, j), nothing)  # the other one moved down
            torch.testing.assert_close(found[:, :, i, j], expected)


def test_a_skewed_map_holds_diagonals_as_columns():
    x = torch.arange(12.0).view(3, 4)
    assert skew(x).tolist() == [[0, 1, 2, 3, 0, 0], [0, 4, 5, 6, 7, 0], [0, 0, 8, 9, 10, 11]]
    tall = torch.randn(2, 5, 3)
    assert torch.equal(unskew(skew(tall)), tall)


def test_both_directions_take_their_2_n_minus_1_steps_together():
    layer, calls = DiagonalBiLSTMLayer(4, 2, 1), []
    layer.state_to_state.register_forward_hook(lambda *_: calls.append("state"))
    layer.input_to_state.register_forward_hook(lambda *_: calls.append("input"))
    layer(torch.randn(3, 4, 6, 6))
    assert calls == ["input"] + ["state"] * 11


@pytest.mark.parametrize(
    ("network", "sizes"),
    [
        (PixelCNN, {"hidden": 4, "layers": 2, "readout": 8, "kernel": 3}),
        (GatedPixelCNN, {"hidden": 4, "layers": 2, "readout": 8, "kernel": 3}),
        (FullyGatedPixelCNN, {"hidden": 4, "layers": 2, "kernel": 3}),
        (RowLSTM, {"hidden": 4, "layers": 2, "readout": 8}),
        (DiagonalBiLSTM, {"hidden": 4, "layers": 2, "readout": 8}),
        (PixelCNNPP, {"hidden": 4, "blocks": 1}),
    ],
)
def test_sizes_that_are_not_positive_are_named(network, sizes):
    network(channels=1, colours=1, outputs=2, **sizes)
    for name, wrong in itertools.product(sizes, (0, -3, 1.0)):
        with pytest.raises(GenzooError, match=rf"^model\.network\.{name}={wrong}: a positive integer is needed\.$"):
            network(channels=1, colours=1, outputs=2, **{**sizes, name: wrong})


def test_lively_networks_have_no_parameter_that_does_nothing():
    for name, make in NETWORKS.items():
        torch.manual_seed(0)
        network = lively(make(channels=1, colours=1, outputs=2))
        c = one_hot(network, torch.zeros(2, dtype=torch.long))
        network(torch.randn(2, 1, 5, 5, dtype=torch.double), c).square().sum().backward()
        assert all(p.grad is not None and p.grad.any() for p in network.parameters()), name
