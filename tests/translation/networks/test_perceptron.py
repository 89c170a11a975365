"""Perceptrons of pixels: each result depends on its own pixel alone."""

import torch

from genzoo.translation.networks.perceptron import PixelDiscriminator, PixelTranslator


def test_they_are_chains_of_linear_layers_and_relus_of_each_pixel():
    x = torch.randn(2, 3, 4, 5)
    for network, squeezed in (
        (PixelTranslator((3, 4, 5), outputs=2, hidden=[7, 6]), False),
        (PixelDiscriminator(inputs=3, hidden=[7, 6]), True),
    ):
        h = x.movedim(1, -1)
        for weight, bias in zip(*[iter(network.parameters())] * 2, strict=True):
            h = h @ weight.flatten(1).T + bias
            h = h.relu() if len(weight) in (6, 7) else h
        expected = h.squeeze(-1) if squeezed else h.movedim(-1, 1)
        torch.testing.assert_close(network(x), expected)
