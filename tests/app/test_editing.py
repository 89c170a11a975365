"""The tab of edits by strokes."""

from pathlib import Path

import pytest
import torch

from genzoo.app.canvas import Strokes
from genzoo.app.explored import Explored
from genzoo.app.tabs import editing
from genzoo.core.capabilities import Decodes
from genzoo.core.errors import GenzooError
from support.decoders import Affine
from support.likelihoods import Images

MODEL = Explored(Affine((Decodes,)), Images(), "a model", Path())


def test_the_image_moves_towards_the_strokes_on_the_model():
    image = MODEL.module.decode(torch.tensor([[0.3, -0.2]]))[0]
    opacity = torch.zeros(1, 3, 3)
    opacity[0, 0, 0] = 1
    found = editing.edited(MODEL, image, Strokes(torch.ones(1, 3, 3), opacity), 0)
    before, after = ((x[0, 0, 0] - 1).abs() for x in (found.frames[0], found.images[0]))
    assert torch.allclose(found.frames[0], image, atol=0.02)
    assert after < before


def test_without_a_stroke_the_message_is_one_line():
    with pytest.raises(GenzooError, match=r"^strokes: no pixel has a stroke; draw one\.$"):
        editing.edited(MODEL, torch.zeros(1, 3, 3), Strokes(torch.zeros(1, 3, 3), torch.zeros(1, 3, 3)), 0)


def test_the_tab_needs_codes_of_images():
    assert editing.offered(MODEL)
    assert not editing.offered(Explored(Affine(()), Images(), "a model", Path()))
