"""The picture of codes: colours where the codes are, the prior where its draws are, and nothing for other widths."""

import numpy as np
import pytest
import torch

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Embeds, Encodes
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.core.latent import Latent, Normal
from genzoo.data.module import ImageData
from genzoo.metrics.codes_picture import CodesPicture, codes_picture
from genzoo.metrics.evaluation import capable


class Two(ImageData):
    """Black images of class 0 and white ones of class 1."""

    name = "two"

    def __init__(self, n=40, test=40):
        super().__init__(size=1, channels=1, classes=2)
        labels = torch.arange(n) % 2
        self.n_test = test
        self.images = ImageSet((labels * 255).to(torch.uint8).view(-1, 1, 1, 1), labels)

    def load(self):
        test = ImageSet(self.images.images[: self.n_test], self.images.labels[: self.n_test])
        return {"train": self.images, "validation": self.images, "test": test}


class Encoder(Inference):
    """An image's code is its pixel in each number."""

    device = torch.device("cpu")

    def __init__(self, width=2, embeds=False):
        super().__init__()
        self.latent, self.embeds = Latent(code=Normal(width)), embeds

    def capabilities(self):
        return frozenset({Encodes, Embeds} if self.embeds else {Encodes})

    def encode(self, images):
        return images.flatten(1).expand(-1, self.latent.width)

    def embed(self, codes):
        return codes[:, :2]


def near(picture, colour):
    """Where the picture has a colour: rows and columns from 0 to 1."""
    pixels = np.asarray(picture, dtype=int)
    found = np.abs(pixels - colour).sum(2) < 30
    return np.argwhere(found) / found.shape


def test_points_have_the_colour_of_their_class_at_their_place():
    picture = CodesPicture(draws=2000)(Encoder(), Two(), "test").pictures["codes"]
    for colour, below in (((31, 119, 180), True), ((255, 127, 14), False)):  # of classes 0 and 1
        places = near(picture, colour)
        places = places[(places[:, 1] < 0.38)]  # without the legend
        assert len(places)
        assert (places[:, 0].mean() > 0.5) == below  # -1 lies below 0, and left of it
        assert (places[:, 1].mean() < 0.27) == below


def test_the_density_is_the_priors():
    draws = torch.randn(5000, 2, generator=torch.Generator().manual_seed(0)) * 0.05 + torch.tensor([2.0, 2.0])
    draws = torch.cat([draws, -torch.ones(5, 2)])
    bright = near(codes_picture(torch.zeros(1, 2), torch.zeros(1), draws), (252, 253, 191))  # of the most dense bin
    assert len(bright)
    assert bright[:, 0].max() < 0.3
    assert bright[:, 1].min() > 0.8


def test_representations_of_two_numbers_are_drawn_and_wider_codes_are_not():
    metric = CodesPicture(images=10, draws=100)
    assert not metric(Encoder(width=3), Two(), "test").pictures
    assert set(metric(Encoder(width=3, embeds=True), Two(), "test").pictures) == {"codes"}
    assert not metric(Encoder(), Two(test=0), "test").pictures


def test_it_needs_a_model_that_encodes():
    module = Encoder()
    module.capabilities = lambda: frozenset()
    assert not capable({"codes": CodesPicture()}, module)


def test_unknown_classes_are_grey_and_wrong_numbers_one_line():
    picture = codes_picture(torch.zeros(50, 2), torch.full((50,), -1), torch.randn(100, 2))
    assert len(near(picture, (128, 128, 128)))
    with pytest.raises(GenzooError, match=r"metrics.codes_picture.draws=0: a positive integer is needed"):
        CodesPicture(draws=0)
