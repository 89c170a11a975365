"""Loss of colour."""

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.translation.degradations.grey import Grey


def test_grey_images_are_those_of_pillow():
    levels = torch.randint(256, (1, 3, 9, 9), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    theirs = np.asarray(Image.fromarray(levels[0].permute(1, 2, 0).numpy()).convert("L"))
    ours = to_levels(Grey((3, 9, 9)).degrade(from_levels(levels)))[0, 0].numpy()
    assert abs(ours.astype(int) - theirs).max() <= 1


def test_grey_images_are_refused():
    with pytest.raises(GenzooError, match=r"^data\.channels=1: this model needs colour images"):
        Grey((1, 9, 9))
