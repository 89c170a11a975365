import math

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.variational.networks.attention import AttentionReader, AttentionWriter, filters

HIDDEN = 6


def aimed(network, *outputs):
    """Sets (g̃_X, g̃_Y, log σ², log δ̃, log γ), whatever the hidden vector."""
    torch.nn.init.zeros_(network.attention.linear.weight)
    network.attention.linear.bias.data = torch.tensor(outputs, dtype=torch.float32)
    return network


def hidden(n):
    return torch.randn(n, HIDDEN, generator=torch.Generator().manual_seed(0))


def gaussians(centre, stride, variance, n, pixels):
    """F[i, a] by the paper's formula, one number at a time, i and a from 1."""
    rows = []
    for i in range(1, n + 1):
        mean = centre + (i - n / 2 - 0.5) * stride
        row = [math.exp(-((a - mean) ** 2) / (2 * variance)) for a in range(1, pixels + 1)]
        rows.append([value / sum(row) for value in row])
    return rows


@pytest.mark.parametrize(
    ("centre", "stride", "variance", "n"), [(3.2, 1.5, 0.7, 2), (5.0, 0.4, 2.0, 5), (1.0, 3.0, 1.0, 3)]
)
def test_filters_are_gaussians_on_a_grid(centre, stride, variance, n):
    found = filters(*(torch.tensor([v]) for v in (centre, stride, variance)), n=n, pixels=7)
    torch.testing.assert_close(found, torch.tensor([gaussians(centre, stride, variance, n, 7)]))


def test_each_filter_sums_to_1_wherever_it_lies():
    centre = torch.tensor([-1e4, 0.3, 14.0, 60.0])
    found = filters(centre, torch.full((4,), 2.0), torch.tensor([1e-4, 0.3, 1.0, 50.0]), n=5, pixels=28)
    torch.testing.assert_close(found.sum(-1), torch.ones(4, 5))


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_the_grid_is_centred_and_its_filters_are_a_stride_apart(n):
    centre, stride = torch.tensor([12.0, 14.5]), torch.tensor([2.0, 1.7])
    found = filters(centre, stride, torch.ones(2), n, pixels=28)
    means = (found * torch.arange(1.0, 29)).sum(-1)  # pixels are counted from 1
    torch.testing.assert_close(means.mean(1), centre, rtol=0, atol=1e-3)
    torch.testing.assert_close(means.diff(dim=1), stride[:, None].expand(-1, n - 1), rtol=0, atol=1e-3)


@pytest.mark.parametrize("size", [2, 5])
def test_at_first_the_window_covers_the_image(size):
    reader = aimed(AttentionReader((1, 28, 28), HIDDEN, size), 0, 0, 0, 0, 0)
    window = reader.attention.window(hidden(3))
    assert window.x.tolist() == window.y.tolist() == [14.5] * 3
    reach = window.stride * (size - 1) / 2
    torch.testing.assert_close(window.x - reach, torch.ones(3))
    torch.testing.assert_close(window.x + reach, torch.full((3,), 28.0))
    assert window.variance.tolist() == window.intensity.tolist() == [1.0] * 3


def test_the_five_numbers_mean_what_they_mean_in_the_paper():
    reader = aimed(AttentionReader((1, 10, 20), HIDDEN, 4), 0.5, -0.4, math.log(0.3), math.log(2.0), math.log(5.0))
    window = [value.item() for value in reader.attention.window(hidden(1))]
    assert window == pytest.approx([21 / 2 * 1.5, 11 / 2 * 0.6, 19 / 3 * 2, 0.3, 5.0])


NUMBERS = (0.3, -0.2, math.log(0.8), math.log(0.5), math.log(3.0))


def bank(number, pixels, longest, n):
    """The filters of one axis that the numbers give."""
    stride = (longest - 1) / (n - 1) * math.exp(NUMBERS[3])
    return gaussians((pixels + 1) / 2 * (number + 1), stride, math.exp(NUMBERS[2]), n, pixels)


def test_reading_applies_the_filters_to_image_and_error_in_each_channel():
    shape, n = (2, 4, 6), 3
    reader = aimed(AttentionReader(shape, HIDDEN, n), *NUMBERS)
    x, error = torch.rand(2, 2, *shape, generator=torch.Generator().manual_seed(1))
    f_x, f_y = bank(NUMBERS[0], 6, 6, n), bank(NUMBERS[1], 4, 6, n)
    expected = [
        3.0 * sum(f_y[i][b] * image[c, b, a].item() * f_x[j][a] for b in range(4) for a in range(6))
        for image in (x[1], error[1])
        for c in range(2)
        for i in range(n)
        for j in range(n)
    ]
    found = reader(x, error, hidden(2))
    assert found.shape == (2, reader.outputs)
    torch.testing.assert_close(found[1], torch.tensor(expected))


def test_writing_lays_the_patch_under_the_filters_in_each_channel():
    shape, n = (2, 4, 6), 3
    writer = aimed(AttentionWriter(shape, HIDDEN, n), *NUMBERS)
    f_x, f_y = bank(NUMBERS[0], 6, 6, n), bank(NUMBERS[1], 4, 6, n)
    patch = (hidden(2) @ writer.patch.weight.T + writer.patch.bias)[1].view(2, n, n).tolist()
    pixels = [
        sum(f_y[i][b] * patch[c][i][j] * f_x[j][a] for i in range(n) for j in range(n)) / 3.0
        for c in range(2)
        for b in range(4)
        for a in range(6)
    ]
    torch.testing.assert_close(writer(hidden(2))[1], torch.tensor(pixels).view(shape))


def test_a_sharp_filter_a_pixel_reads_the_image_as_it_is():
    reader = aimed(AttentionReader((3, 9, 9), HIDDEN, 9), 0, 0, math.log(1e-3), 0, 0)
    x, error = torch.rand(2, 4, 3, 9, 9)
    torch.testing.assert_close(reader(x, error, hidden(4)), torch.cat([x, error], 1).flatten(1))


def test_where_it_looks_is_learned():
    """Gradients reach the five numbers, and through them alone what they follow from."""
    reader, writer = AttentionReader((1, 9, 9), HIDDEN, 3), AttentionWriter((1, 9, 9), HIDDEN, 3)
    torch.nn.init.zeros_(writer.patch.weight)
    x, error = torch.rand(2, 2, 1, 9, 9, generator=torch.Generator().manual_seed(1))
    for network, given in ((reader, (x, error)), (writer, ())):
        torch.nn.init.normal_(network.attention.linear.bias, std=0.1)
        h = hidden(2).requires_grad_()
        network(*given, h).square().sum().backward()
        assert (network.attention.linear.bias.grad != 0).all()
        assert (network.attention.linear.weight.grad != 0).all()
        assert (h.grad != 0).all()


def test_the_frame_reaches_from_the_first_filters_to_the_last():
    writer = aimed(AttentionWriter((1, 28, 28), HIDDEN, 5), 0, 0, math.log(4.0), 0, 0)
    assert writer.frames(hidden(2)).tolist() == [[0.5, 0.5, 27.5, 27.5, 2.0]] * 2  # from pixel 1 to pixel 28
    right = aimed(writer, 0.5, 0, 0, math.log(0.5), 0).frames(hidden(1))[0].tolist()
    assert right == pytest.approx([14.5 * 1.5 - 0.5 - 6.75, 14 - 6.75, 14.5 * 1.5 - 0.5 + 6.75, 14 + 6.75, 1.0])


@pytest.mark.parametrize(("network", "key"), [(AttentionReader, "reader"), (AttentionWriter, "writer")])
def test_a_grid_of_one_filter_has_no_stride_and_is_refused(network, key):
    with pytest.raises(GenzooError, match=rf"model\.{key}\.size=1: an integer of at least 2"):
        network((1, 28, 28), HIDDEN, 1)
