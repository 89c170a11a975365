"""The PatchGAN: receptive fields, sizes of the result, layers."""

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.translation.networks.patchgan import PatchGAN


@pytest.mark.parametrize(("halvings", "expected"), [(0, 1), (1, 16), (2, 34), (3, 70), (4, 142)])
def test_the_gradient_of_one_output_covers_the_receptive_field(halvings, expected):
    network = PatchGAN(inputs=1, halvings=halvings, channels=2, norm="none").double()
    images = torch.randn(1, 1, 256, 256, dtype=torch.double, requires_grad=True)
    logits = network(images)
    middle = logits.shape[-1] // 2
    (gradient,) = torch.autograd.grad(logits[0, middle, middle], images)
    rows, columns = gradient[0, 0].nonzero().T
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (expected, expected)
    assert network.receptive_field == expected


@pytest.mark.parametrize(
    ("size", "padding", "expected"), [(64, 1, 6), (128, 1, 14), (256, 1, 30), (64, 2, 11), (128, 2, 19), (256, 2, 35)]
)
def test_number_of_patches(size, padding, expected):
    network = PatchGAN(inputs=3, channels=1, padding=padding)
    assert network(torch.zeros(2, 3, size, size)).shape == (2, expected, expected)


def test_widths_norms_and_biases_of_three_halvings():
    network = PatchGAN(inputs=6)
    convolutions = [m for m in network.layers if isinstance(m, nn.Conv2d)]
    assert [m.out_channels for m in convolutions] == [64, 128, 256, 512, 1]
    assert [m.stride[0] for m in convolutions] == [2, 2, 2, 1, 1]
    assert all(m.bias is None for m in convolutions)
    assert [m.num_features for m in network.layers if isinstance(m, nn.BatchNorm2d)] == [128, 256, 512]
    assert convolutions[0].weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_a_pixel_gan_judges_pixels_one_by_one():
    network = PatchGAN(inputs=2, halvings=0, channels=4, norm="none")
    images = torch.randn(1, 2, 5, 5)
    changed = images.clone()
    changed[..., 1, 3] = 0
    differ = network(images) != network(changed)
    assert differ.nonzero().tolist() == [[0, 1, 3]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"halvings": -1}, r"model\.discriminator\.halvings=-1: an integer of at least 0 is needed\."),
        ({"padding": 3}, r"model\.discriminator\.padding=3: an integer from 0 to 2 is needed\."),
        ({"norm": "bath"}, r"model\.discriminator\.norm='bath': unknown\."),
    ],
)
def test_what_it_cannot_be_is_one_line(settings, message):
    with pytest.raises(GenzooError, match=message):
        PatchGAN(inputs=3, channels=4, **settings)
