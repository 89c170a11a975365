"""The tab of translations, and of what is degraded and restored."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from genzoo.app import canvas
from genzoo.app.explored import Explored
from genzoo.app.tabs import translation
from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Restores, Translates
from genzoo.core.inference import Inference
from genzoo.data.two_domains import TwoDomainData
from support.likelihoods import Images


class Pairs(TwoDomainData):
    """Grey images, and colour ones without partners."""

    name = "pairs"

    def __init__(self):
        super().__init__(2, 1, ("sketches", "photos"), 3, paired=False)

    def load_domains(self):
        levels = torch.arange(24, dtype=torch.uint8)
        first = ImageSet(levels[:8].view(2, 1, 2, 2), torch.full((2,), -1))
        second = ImageSet(levels.view(2, 3, 2, 2), torch.full((2,), -1))
        return dict.fromkeys(("train", "validation", "test"), first), dict.fromkeys(
            ("train", "validation", "test"), second
        )


class Negates(Inference):
    """A to B: the negative in three channels; B to A: the first channel, unchanged. Degraded: half the size, halved."""

    device, image_shape = torch.device("cpu"), (1, 2, 2)

    def __init__(self, able, directions=(("A", "B"), ("B", "A"))):
        super().__init__()
        self.able, self.directions = able, directions

    def capabilities(self):
        return frozenset({self.able})

    def translate(self, images, source="A", target="B", generator=None):
        return -images.expand(-1, 3, -1, -1) if source == "A" else images[:, :1]

    def degrade(self, images, generator=None):
        return F.avg_pool2d(images, images.shape[-1]) + torch.rand(1, generator=generator)

    def restore(self, observations, generator=None):
        return 2 * observations.expand(-1, -1, 3, 3)


def of(module):
    return Explored(module, Pairs(), "a model", Path())


def test_directions_have_the_names_of_the_domains():
    model = of(Negates(Translates))
    assert translation.directions(model) == {"sketches to photos": ("A", "B"), "photos to sketches": ("B", "A")}


def test_an_image_is_translated_and_where_there_is_a_way_back():
    image = torch.rand(1, 2, 2)
    found = translation.translated(of(Negates(Translates)), image, "A", "B", 0)
    assert torch.equal(found["translation"], -image.expand(3, 2, 2))
    assert torch.equal(found["and back"], -image)
    assert [*translation.translated(of(Negates(Translates, (("A", "B"),))), image, "A", "B", 0)] == [
        "image",
        "translation",
    ]


def test_an_image_is_degraded_at_the_size_of_the_image_and_restored():
    model, image = Explored(Negates(Restores), Images(), "a model", Path()), torch.rand(1, 3, 3)
    first, again, other = (translation.restored(model, image, seed) for seed in (0, 0, 1))
    assert first["observed"].shape == (1, 3, 3)
    assert torch.allclose(first["restored"], 2 * first["observed"])
    assert torch.equal(first["restored"], again["restored"])
    assert not torch.equal(first["restored"], other["restored"])


@pytest.mark.parametrize(("domain", "channels"), [(0, 1), (1, 3)])
def test_images_are_those_of_the_source_domain(domain, channels):
    model = of(Negates(Translates))
    taken = canvas.taken(model, canvas.TEST, 1, None, None, domain)
    levels = torch.arange(24)[4:8] if domain == 0 else torch.arange(24)[12:]
    assert torch.allclose(taken.flatten(), levels / 127.5 - 1)
    assert canvas.taken(model, canvas.WHITE, 0, None, None, domain).shape == (channels, 2, 2)


def test_the_tab_needs_images_and_a_translation_or_a_restoration():
    assert translation.offered(of(Negates(Translates)))
    assert translation.offered(of(Negates(Restores)))
    assert not translation.offered(of(Negates(Images)))
