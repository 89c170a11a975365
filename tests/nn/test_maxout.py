import torch

from genzoo.nn.maxout import ChannelMaxout, Maxout


def test_each_unit_is_the_largest_of_its_own_pieces():
    torch.manual_seed(0)
    layer, x = Maxout(inputs=4, units=3, pieces=5), torch.randn(6, 4)
    weight, bias = layer.linear.weight, layer.linear.bias
    expected = torch.empty(6, 3)
    for b in range(6):
        for unit in range(3):
            pieces = [weight[unit * 5 + k] @ x[b] + bias[unit * 5 + k] for k in range(5)]
            expected[b, unit] = max(pieces)
    assert torch.allclose(layer(x), expected, atol=1e-6)


def test_adjacent_channels_of_a_map_compete():
    torch.manual_seed(0)
    linear, maps = Maxout(inputs=4, units=3, pieces=5), torch.randn(2, 6, 3, 3)
    x = torch.randn(6, 4)
    assert torch.equal(ChannelMaxout(5)(linear.linear(x)), linear(x))
    expected = torch.stack([torch.maximum(maps[:, 2 * i], maps[:, 2 * i + 1]) for i in range(3)], 1)
    assert torch.equal(ChannelMaxout(2)(maps), expected)
