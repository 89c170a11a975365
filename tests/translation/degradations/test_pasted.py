"""Images with a part of another one."""

import torch

from genzoo.translation.degradations.pasted import Pasted


def test_the_central_square_is_that_of_another_image():
    images = torch.rand(3, 2, 8, 6, generator=torch.Generator().manual_seed(0))
    kept = images.clone()
    found = Pasted((2, 8, 6)).degrade(images)
    inside = torch.zeros(8, 6, dtype=torch.bool)
    inside[2:6, 2:5] = True
    assert torch.equal(found[..., ~inside], images[..., ~inside])
    assert torch.equal(found[..., inside], images[[2, 0, 1]][..., inside])
    assert torch.equal(images, kept)
    assert torch.equal(Pasted((2, 8, 6)).degrade(images[:1]), images[:1])
