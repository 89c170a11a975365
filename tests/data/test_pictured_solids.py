"""The pictures are those of the solids beside them."""

import torch

from genzoo.core.images import from_levels
from genzoo.core.view import view
from genzoo.data.pictured_solids import PicturedSolids
from genzoo.data.solids import Solids


def test_each_solid_has_its_own_picture():
    small = {"n_train": 20, "n_validation": 0, "n_test": 5}
    data, plain = PicturedSolids(**small), Solids(**small)
    assert data.spec.given == {"picture": (1, 64, 64)}
    for split in ("train", "test"):
        found = data.split(split)
        assert torch.equal(found.images, plain.split(split).images)
        pictures = found.given["picture"]
        assert (pictures.dtype, pictures.shape[1:]) == (torch.uint8, (1, 64, 64))
        seen = view(from_levels(found.images, 2), 30, 20, 64)
        assert (from_levels(pictures) - seen).abs().max() <= 1.001 / 255


def test_pictures_have_four_pixels_per_cell():
    assert PicturedSolids(size=32, n_train=2).split("train").given["picture"].shape == (2, 1, 128, 128)
