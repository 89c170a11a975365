"""Edges against another library's Sobel filter."""

import numpy as np
import torch
from scipy import ndimage

from genzoo.translation.degradations.edges import Edges


def test_edges_are_the_magnitude_of_sobels_gradient():
    images = 0.1 * torch.randn(2, 1, 9, 8, generator=torch.Generator().manual_seed(0))
    found = Edges((1, 9, 8)).degrade(images)
    for image, edges in zip(images.numpy(), found.numpy(), strict=True):
        x, y = (ndimage.sobel((image[0] + 1) / 2, axis, mode="nearest") / 4 for axis in (0, 1))
        np.testing.assert_allclose((edges[0] + 1) / 2, np.hypot(x, y), atol=1e-5)


def test_a_step_from_black_to_white_is_white():
    step = torch.ones(1, 3, 4, 4)
    step[..., :2] = -1
    edges = Edges((3, 4, 4))
    assert edges.source == (1, 4, 4)
    torch.testing.assert_close(edges.degrade(step)[0, 0, 1], torch.tensor([-1.0, 1.0, 1.0, -1.0]))
