"""What a GAN answers: samples, the images of codes, features."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.networks import goodfellow
from genzoo.core.averages import EMA
from genzoo.core.capabilities import Decodes, Features, Samples, ScoresRealism
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.core.randomness import generator
from support.gans import SHAPE, make, real_batch


def test_samples_are_images_that_follow_the_generator_alone():
    module = make()
    images = module.sample(37, generator=generator(0))  # more than two passes
    torch.manual_seed(9)
    state = torch.get_rng_state()
    assert torch.equal(module.sample(37, generator=generator(0)), images)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(module.sample(37, generator=generator(1)), images)
    assert images.shape == (37, *SHAPE)
    assert images.dtype == torch.float32
    assert images.abs().max() <= 1
    assert not images.requires_grad
    assert module.training


def test_samples_are_the_decoded_codes():
    module = make()
    z = module.latent.sample(20, generator(3))
    assert torch.equal(module.sample(20, generator=generator(3)), module.decode(z))


@pytest.mark.parametrize("n", [1, 3, 16, 20])
def test_decoding_with_running_statistics_is_independent_of_the_batch(n):
    module, z = make(), torch.randn(n, 5)
    one_by_one = torch.cat([module.decode(code[None]) for code in z])
    assert torch.allclose(module.decode(z), one_by_one, atol=1e-6)
    expected = module.generator.eval()(z)
    assert torch.allclose(module.decode(z), expected, atol=1e-6)


@pytest.mark.parametrize("n", [1, 3, 16, 20])
@torch.no_grad()
def test_decoding_in_batch_mode_normalises_by_fixed_codes(n):
    module, z = make(batch_norm="batch"), torch.randn(n, 5)
    fixed = module.latent.sample(16, generator(0, "filler"))
    # A hand-written pass: at each norm, statistics of the fixed codes' part.
    x = torch.cat([z, fixed])
    for layer in module.generator.layers:
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            dims = [0, *range(2, x.dim())]
            mean, variance = x[n:].mean(dims), x[n:].var(dims, correction=0)
            x = F.batch_norm(x, mean, variance, layer.weight, layer.bias, eps=layer.eps)
        else:
            x = layer(x)
    assert torch.allclose(module.decode(z), x[:n].sigmoid() * 2 - 1, atol=1e-6)


def test_samples_are_made_in_passes_of_the_sampling_batch():
    module, z = make(batch_norm="batch"), Latent(noise=Normal(5)).sample(36, generator(0))
    filler = module.latent.sample(12, generator(0, "filler"))
    network = copy.deepcopy(module.generator).train()
    expected = [network(z[:16]), network(z[16:32]), network(torch.cat([z[32:], filler]))[:4]]
    assert torch.equal(module.sample(36, generator=generator(0)), torch.cat(expected))


def of_category(n, category):
    """n codes of one category; their noise is the same for every category."""
    one_hot = F.one_hot(torch.tensor(category).expand(n), 10).float()
    return torch.cat([torch.randn(n, 5, generator=generator(0)), one_hot], dim=1)


@pytest.mark.parametrize("n", [1, 10, 100, 128])
def test_batch_statistics_do_not_remove_the_category_that_all_codes_have_in_common(n):
    latent = Latent(noise=Normal(5), digit=Categorical(10))
    module = make(batch_norm="batch", latent=latent, sampling_batch=128)
    threes, zeros = (module.decode(of_category(n, category)) for category in (3, 0))
    assert (threes - zeros).abs().mean() > 0.15 * threes.std()


def test_in_batch_mode_the_image_of_a_code_does_not_depend_on_the_other_codes():
    module = make(batch_norm="batch", latent=Latent(noise=Normal(5), digit=Categorical(10)), sampling_batch=128)
    threes = module.decode(of_category(200, 3))
    mixed = torch.cat([of_category(200, 3)[:1], module.latent.sample(149, generator(1))])
    assert threes.std() > 0.01
    assert torch.allclose(module.decode(of_category(200, 3)[:1]), threes[:1], atol=1e-6)
    assert torch.allclose(module.decode(mixed)[:1], threes[:1], atol=1e-6)


def test_a_batch_statistics_decode_leaves_the_networks_as_they_were():
    module = make(batch_norm="batch")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.sample(5)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_samples_come_from_the_average_where_the_recipe_has_one():
    module, z = make(averages={"generator": EMA(0.5, start="zero")}), torch.randn(4, 5)
    assert torch.equal(module.decode(z), torch.zeros(4, *SHAPE))
    assert not torch.equal(module.generator(z), torch.zeros(4, *SHAPE))


def pooled_from_scratch(network, images):
    """The two convolutional layers' leaky outputs, max-pooled from 4 x 4 and 2 x 2 up to 4 x 4; maps of SHAPE."""
    x = network.trunk[1](network.trunk[0]((images + 1) / 2))
    y = network.trunk[4](network.trunk[3](network.trunk[2](x)))
    assert (x.shape[2:], y.shape[2:]) == ((2, 2), (1, 1))
    repeated = [x.repeat_interleave(2, 2).repeat_interleave(2, 3), y.expand(-1, -1, 4, 4)]
    return torch.cat([m.flatten(1) for m in repeated], dim=1)


@pytest.mark.parametrize("batch_norm", ["running", "batch"])
def test_features_are_the_pooled_maps_by_the_recipes_statistics(batch_norm):
    module, images = make(batch_norm=batch_norm), real_batch(9).images
    found = module.features(images)
    network = module.discriminator.train(batch_norm == "batch")
    assert torch.allclose(found, pooled_from_scratch(network, images), atol=1e-6)
    assert found.shape == (9, (2 + 4) * 16)
    assert not found.requires_grad


def test_asking_for_features_leaves_the_networks_as_they_were():
    module = make(batch_norm="batch")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.features(real_batch().images)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert module.training


def test_features_come_from_the_average_where_the_recipe_has_one():
    module = make(averages={"discriminator": EMA(0.5, start="zero")})
    assert torch.equal(module.features(real_batch().images), torch.zeros(6, 96))
    assert Features in module.capabilities()


def test_a_discriminator_without_convolutions_gives_no_features():
    assert make(discriminator=goodfellow.MaxoutDiscriminator(SHAPE, units=4)).capabilities() == {
        Samples,
        Decodes,
        ScoresRealism,
    }
