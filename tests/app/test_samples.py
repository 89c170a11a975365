"""The tab of samples: what is drawn, and the training images beside it."""

from pathlib import Path

import pytest
import torch

from genzoo.app.explored import Explored
from genzoo.app.tabs import samples
from genzoo.core.capabilities import Decodes, Samples, SamplesAtTemperature, SamplesClasses
from genzoo.core.inference import Inference
from support.decoders import Affine
from support.likelihoods import Images


class Draws(Inference):
    """Images of one grey level: the class, plus the temperature, plus a random number below 0.01."""

    device, image_shape, label_classes, sampling_batch = torch.device("cpu"), (1, 3, 3), 3, 40

    def __init__(self, *able, **options):
        super().__init__(**options)
        self.able, self.sizes = frozenset(able), []

    def capabilities(self):
        return self.able

    def sample(self, n, labels=None, generator=None, temperature=0.0):
        self.sizes.append(n)
        levels = torch.rand(n, generator=generator) / 100 + temperature + (0 if labels is None else labels)
        return levels[:, None, None, None].expand(-1, *self.image_shape)


def of(module, **splits):
    return Explored(module, Images(**splits), "a model", Path("nowhere"))


def test_a_model_that_decodes_shows_the_images_of_the_codes_that_are_kept():
    module = Affine((Decodes, Samples))
    first, again, other = (samples.draw(of(module), seed) for seed in (1, 1, 2))
    assert torch.equal(first.images, module.decode(first.codes))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, other.images)
    assert len(first.images) == samples.N


def test_classes_are_drawn_in_turn_or_one_alone():
    model = of(Draws(Samples, SamplesClasses))
    assert samples.draw(model, 0).images[:4, 0, 0, 0].int().tolist() == [0, 1, 2, 0]
    assert samples.draw(model, 0, label=2).images[:, 0, 0, 0].int().tolist() == [2] * samples.N
    assert samples.draw(model, 0).codes is None


def test_the_temperature_reaches_the_sampler():
    model = of(Draws(Samples, SamplesAtTemperature))
    cold, plain = (samples.draw(model, 0, temperature=value).images for value in (0.5, None))
    assert torch.allclose(cold, plain + 0.5)


def test_statistics_of_a_batch_are_those_of_the_recipes_number_of_images():
    module = Draws(Samples, batch_norm="batch")
    assert len(samples.draw(of(module), 0).images) == samples.N
    assert module.sizes == [40]


def test_the_nearest_training_images_come_first_with_their_distances():
    levels = torch.randint(2, (20, 1, 3, 3), generator=torch.Generator().manual_seed(4)).to(torch.uint8)
    model = of(Draws(Samples), train=levels)
    image = levels[7].float() * 2 - 1
    known, distances = samples.neighbours(model, image)
    every = (levels.float() * 2 - 1 - image).square().mean((1, 2, 3)).sqrt()
    expected = every.sort().values[: samples.NEIGHBOURS] * 127.5
    assert torch.equal(known[0], image)
    assert distances == [f"{distance:.1f} levels" for distance in expected.tolist()]


@pytest.mark.parametrize(("able", "expected"), [((), False), ((Decodes,), False), ((Samples,), True)], ids=str)
def test_it_is_there_for_models_that_sample(able, expected):
    assert samples.offered(of(Draws(*able))) is expected


def test_the_images_are_those_of_the_split():
    levels = torch.arange(9).view(1, 1, 3, 3).remainder(2).to(torch.uint8).expand(4, -1, -1, -1)
    found = of(Draws(Samples), test=levels).images("test", 3)
    assert torch.equal(found, levels[:3].float() * 2 - 1)
