"""Edits of an image by strokes, and the transfer of the change to the image."""

from functools import partial

import pytest
import torch
from torch.optim import Adam

from genzoo.core.capabilities import Decodes, Encodes
from genzoo.core.distances import Pixels
from genzoo.core.errors import GenzooError
from genzoo.core.image_edit import edit_image, projection, transferred
from genzoo.core.latent_search import LatentSearch
from genzoo.core.randomness import generator
from genzoo.core.stroke_edit import StrokeEdit
from support.decoders import Affine, images

IMAGE, STROKES = images(2)
MASK = torch.zeros(1, 3, 3)
MASK[:, 1] = 1
SEARCH = LatentSearch(Pixels(2), partial(Adam, lr=0.05), steps=300)
EDIT = StrokeEdit(candidates=4, steps=30, smoothness=0.01)


def test_frames_go_from_the_reconstruction_to_the_edited_image():
    module = Affine()
    found = edit_image(module, IMAGE, STROKES, MASK, generator(0), SEARCH, EDIT, frames=5)
    start = SEARCH(module, IMAGE[None], generator(0)).codes
    assert torch.equal(found.frames[:1], module.decode(start))
    torch.testing.assert_close(found.frames[-1], found.images[0])
    # The images of a linear generator's codes on a line are on a line, too.
    expected = torch.lerp(found.frames[0], found.images[0], torch.linspace(0, 1, 5).view(5, 1, 1, 1))
    torch.testing.assert_close(found.frames, expected)
    assert torch.equal(found.shown, transferred(IMAGE, found.frames[0], found.frames[-1]))
    assert found.images.shape == (4, 1, 3, 3)
    assert found.costs.shape == (4,)
    before, after = (((image - STROKES) * MASK).square().sum() for image in (found.frames[0], found.frames[-1]))
    assert after < 0.95 * before


def test_it_is_a_function_of_its_arguments_alone():
    module, state = Affine(), torch.get_rng_state()
    one, two, three = (edit_image(module, IMAGE, STROKES, MASK, generator(s), SEARCH, EDIT) for s in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one.images, three.images)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in module.parameters())


@pytest.mark.parametrize(("able", "start"), [((Decodes,), "FromPrior"), ((Decodes, Encodes), "FromEncoder")])
def test_the_images_own_code_is_searched_for_from_the_encoders_if_there_is_one(able, start):
    module = Affine(able)
    search = projection(module, steps=7, restarts=2)
    assert search.protocol() == {
        "distance": "sum |x - y|^2",
        "optimizer": "Adam(lr=0.01)",
        "steps": 7,
        "restarts": 2,
        "start": start,
    }
    given, same = (
        edit_image(module, IMAGE, STROKES, MASK, generator(0), one, EDIT) for one in (projection(module), None)
    )
    assert torch.equal(given.frames, same.frames)


def test_what_cannot_be_edited_is_one_line():
    with pytest.raises(
        GenzooError, match=r"^search: the model lacks the capability Decodes, which the search needs\.$"
    ):
        edit_image(Affine(()), IMAGE, STROKES, MASK)
    with pytest.raises(GenzooError, match=r"^frames=1: an integer of at least 2 is needed\.$"):
        edit_image(Affine(), IMAGE, STROKES, MASK, frames=1)
    with pytest.raises(GenzooError, match=r"^search\.restarts=0: a positive integer is needed\.$"):
        projection(Affine(), restarts=0)


def test_a_change_is_transferred_by_its_blurred_size():
    """A change of 1.2 in one channel of one pixel of three channels, whose mean size is 0.4."""
    image, reconstruction = torch.rand(2, 3, 9, 9) - 0.5
    edited = reconstruction.clone()
    edited[1, 4, 4] += 1.2
    shown = transferred(image, reconstruction, edited)
    distances = torch.arange(-4, 5).abs()
    weights = torch.where(distances <= 3, (-(distances**2) / (2 * 0.7**2)).exp(), 0)  # cut at four deviations
    weights /= weights.sum()
    mask = 0.4 * weights[:, None] * weights
    change = edited - reconstruction
    torch.testing.assert_close(shown, reconstruction + mask * change + (1 - mask) * (image - reconstruction))
    assert torch.equal(shown[:, 0], image[:, 0]), "far from the change the image is as it was"


def test_a_change_of_every_pixel_shows_the_edited_image_and_none_the_given_one():
    image, reconstruction = torch.rand(2, 3, 5, 5) * 2 - 1
    torch.testing.assert_close(transferred(image, reconstruction, reconstruction + 1.5), reconstruction + 1.5)
    torch.testing.assert_close(transferred(image, reconstruction, reconstruction), image)
