"""The tab of completions, and the image and mask that it takes."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from genzoo.app import canvas
from genzoo.app.explored import Explored
from genzoo.app.likelihoods import surprises
from genzoo.app.start import Start
from genzoo.app.tabs import completion
from genzoo.core.batches import DataSpec
from genzoo.core.capabilities import Completes, Decodes, MapsLikelihood
from genzoo.core.errors import GenzooError
from support.decoders import Affine
from support.likelihoods import Images, Pixels


class Fills(Pixels):
    """Missing pixels are black or white at random; log p of a pixel by a fixed probability."""

    typical_mask = torch.arange(9).view(1, 3, 3) < 2

    def capabilities(self):
        return frozenset({Completes, MapsLikelihood})

    def complete(self, images, mask, generator=None):
        return images.where(mask, 2 * torch.bernoulli(torch.full_like(images, 0.5), generator=generator) - 1)

    def log_prob_map(self, levels):
        return torch.where(levels[:, 0] == 1, self.p, 1 - self.p).log()


def of(module, **splits):
    return Explored(module, Images(**splits), "a model", Path())


IMAGE = torch.tensor([1.0, -1, 1, -1, 1, -1, 1, -1, 1]).view(1, 3, 3)
UPPER = torch.arange(9).view(1, 3, 3) < 6


def test_given_pixels_stay_and_the_others_differ_between_completions():
    first, again, other = (completion.completions(of(Fills()), IMAGE, UPPER, seed) for seed in (0, 0, 1))
    assert first.shape == (completion.N, 1, 3, 3)
    assert torch.equal(first[:, :, :2], IMAGE[:, :2].expand(completion.N, 1, 2, 3))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len(first.unique(dim=0)) > 1


def test_a_model_that_only_decodes_searches_for_the_image_that_is_nearest_on_the_given_pixels():
    module = Affine((Decodes,))
    wanted = module.decode(torch.tensor([[0.7, -0.4]]))[0]  # an image of the model: two numbers are known from six
    found = completion.completions(of(module), wanted, UPPER, 0, n=2)
    assert torch.equal(found[:, :, :2], wanted[:, :2].expand(2, 1, 2, 3))
    assert torch.allclose(found[:, :, 2], wanted[:, 2].expand(2, 1, 3), atol=0.05)


@pytest.mark.parametrize(
    ("given", "message"),
    [(torch.ones(1, 3, 3), "the mask is empty: paint over"), (torch.zeros(1, 3, 3), "all of the image is masked")],
)
def test_masks_that_leave_nothing_to_do_are_one_line(given, message):
    with pytest.raises(GenzooError, match=f"^{message}") as error:
        completion.completions(of(Fills()), IMAGE, given.bool(), 0)
    assert "\n" not in str(error.value)


def test_typical_masks_are_those_of_their_names():
    found = completion.masks(of(Fills()))
    assert found["lower half"][0].tolist() == [[True] * 3, [False] * 3, [False] * 3]
    assert found["right half"][0].tolist() == [[True, False, False]] * 3
    assert found["centre"].sum() == 8
    assert not found["centre"][0, 1, 1]
    assert torch.equal(found["typical part"], Fills.typical_mask)
    assert "typical part" not in completion.masks(of(Affine((Decodes,))))


def test_the_tab_needs_images_and_a_way_to_complete_them():
    assert completion.offered(of(Fills()))
    assert completion.offered(of(Affine((Decodes,))))
    assert not completion.offered(of(Affine(())))
    model = of(Fills())
    model.offers = model.module.capabilities()  # of data that are no images
    assert not completion.offered(model)


def test_surprises_are_negative_log_probabilities_of_pixels():
    found = surprises(of(Fills()), IMAGE[None])
    p = torch.linspace(0.1, 0.9, 9).view(3, 3)
    assert torch.allclose(found[0], -torch.where(IMAGE[0] > 0, p, 1 - p).log())


# The image that a tab takes.


def test_an_image_is_a_test_image_an_upload_the_chosen_sample_or_a_sheet(tmp_path):
    test = torch.arange(18, dtype=torch.uint8).view(2, 1, 3, 3) % 2
    model = of(Fills(), test=test)
    Image.new("L", (5, 5), 255).save(tmp_path / "white.png")

    def take(*given):
        return canvas.taken(model, *given)

    assert torch.equal(take(canvas.TEST, 1, None, None), test[1] * 2.0 - 1)
    assert torch.equal(take(canvas.UPLOAD, 0, tmp_path / "white.png", None), torch.ones(1, 3, 3))
    assert torch.equal(take(canvas.CHOSEN, 0, None, Start(IMAGE)), IMAGE)
    assert torch.equal(take(canvas.BLACK, 0, None, None), -torch.ones(1, 3, 3))


@pytest.mark.parametrize(
    ("source", "number", "message"),
    [
        (canvas.TEST, 60, "test image 60: choose a number from 0 to 59"),
        (canvas.TEST, None, "test image None: choose a number"),
        (canvas.UPLOAD, 0, "no image was uploaded"),
        (canvas.CHOSEN, 0, "no sample was chosen"),
    ],
)
def test_a_missing_image_is_one_line(source, number, message):
    with pytest.raises(GenzooError, match=f"^{message}"):
        canvas.taken(of(Fills()), source, number, None, None)
    with pytest.raises(GenzooError, match=r"^no image is chosen: choose one and press Take the image\.$"):
        canvas.needed(None)


def test_strokes_have_the_resolution_of_images_and_lie_over_them():
    layer = Image.new("RGBA", (30, 30))
    layer.paste((255, 0, 0, 255), (0, 0, 10, 30))
    strokes = canvas.painted([layer], DataSpec("photos", (3, 3, 3)))
    assert strokes.opacity.tolist() == [[[1, 0, 0]] * 3]
    assert strokes.colours[:, 0, 0].tolist() == [1, -1, -1]
    image = torch.full((3, 3, 3), 0.25)
    covered = canvas.over(image, strokes)
    assert torch.equal(covered[..., 1:], image[..., 1:])
    assert covered[:, 2, 0].tolist() == [1, -1, -1]
