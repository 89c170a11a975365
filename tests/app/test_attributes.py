"""The tab of attributes: edits, and directions between groups of samples."""

from pathlib import Path

import pytest
import torch

from genzoo.app.explored import Explored
from genzoo.app.tabs import attributes
from genzoo.core.capabilities import Decodes, EditsAttributes
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from support.decoders import Affine
from support.likelihoods import Images

CODES = torch.tensor([[1.0, 2], [3, 4], [-1, 0], [5, 5]])
GROUPS = ["A", "A", "B", "C"]


class Edits(Inference):
    """Adds an attribute's value to its own row of pixels."""

    device, image_shape, attributes = torch.device("cpu"), (1, 3, 3), ("smile", "hat")

    def capabilities(self):
        return frozenset({EditsAttributes})

    def edit(self, images, values):
        rows = torch.tensor([values["smile"], values["hat"], 0.0])
        return images + rows.view(1, 1, 3, 1)


def of(module):
    return Explored(module, Images(), "a model", Path())


def test_each_slider_is_its_attribute():
    found = attributes.edited(of(Edits()), torch.zeros(1, 3, 3), [0.25, 0.75])
    assert found[0, :, 0].tolist() == [0.25, 0.75, 0]


def test_the_direction_of_two_groups_is_the_difference_of_their_mean_codes():
    assert attributes.difference(CODES, GROUPS).tolist() == [3, 3]  # (2, 3) - (-1, 0)


def test_arithmetic_is_that_of_mean_codes():
    module = Affine((Decodes,))
    found = attributes.arithmetic(of(module), CODES, GROUPS)
    assert torch.allclose(found, module.decode(torch.tensor([[2.0, 3], [-1, 0], [5, 5], [8, 8]])))


def test_an_empty_group_is_one_line():
    with pytest.raises(GenzooError, match=r"^group C is empty: choose the group and click samples\.$"):
        attributes.arithmetic(of(Affine((Decodes,))), CODES, ["A", "A", "B", ""])


def test_samples_are_the_same_for_the_same_seed():
    model = of(Affine((Decodes,)))
    first, again, other = (attributes.drawn(model, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (attributes.N, 2)


def test_the_tab_needs_edits_or_codes():
    assert attributes.offered(of(Edits()))
    assert attributes.offered(of(Affine((Decodes,))))
    assert not attributes.offered(of(Affine(())))
