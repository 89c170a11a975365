"""The encoder of PixelVAE has the original's layers."""

import torch
from torch import nn

from genzoo.hybrid.networks.pixelvae import PixelVAEEncoder


def test_convolutions_strides_and_the_padded_row_and_column():
    encoder, seen = PixelVAEEncoder((1, 28, 28), outputs=32), []
    convolutions = [layer for layer in encoder.layers if isinstance(layer, nn.Conv2d)]
    for layer in convolutions:
        layer.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    out = encoder(torch.rand(3, 1, 28, 28))
    assert out.shape == (3, 32)
    assert [(c.in_channels, c.out_channels, c.stride[0]) for c in convolutions] == [
        (1, 32, 1),
        (32, 32, 2),
        (32, 32, 1),
        (32, 64, 2),
        (64, 64, 1),
        (64, 64, 2),
        (64, 64, 1),
        (64, 64, 1),
    ]
    assert {c.kernel_size for c in convolutions} == {(3, 3)}
    assert [x.shape[-1] for x in seen] == [28, 28, 14, 14, 8, 8, 4, 4]
    assert (seen[4][..., 7, :] == 0).all()
    assert (seen[4][..., 7] == 0).all()
    assert seen[4][..., :7, :7].any()
    assert encoder.layers[-1].in_features == 4 * 4 * 64


def test_other_sizes_and_every_parameter_counts():
    encoder = PixelVAEEncoder((3, 10, 10), outputs=4, channels=(2, 3, 4))
    encoder(torch.randn(5, 3, 10, 10)).sin().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in encoder.parameters())
