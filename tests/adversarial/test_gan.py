from functools import partial

import pytest
import torch
from torch.nn import functional as F

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.networks import goodfellow, infogan
from genzoo.adversarial.objectives import Minimax, NonSaturating
from genzoo.core.averages import Exponential
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Decodes, Features, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.core.randomness import generator

SHAPE = (1, 4, 4)
SGD = partial(torch.optim.SGD, lr=0.1)


def make(**options):
    """A small GAN with batch norm, whose running averages are not those of any batch."""
    torch.manual_seed(0)
    options = {
        "generator": partial(infogan.Generator, shape=SHAPE, channels=2, hidden=8),
        "discriminator": infogan.Discriminator(SHAPE, channels=2, hidden=8),
        "latent": Latent(noise=Normal(5)),
        "objective": NonSaturating(),
        "optimizers": {"discriminator": SGD, "generator": SGD},
        "sampling_batch": 16,
    } | options
    module = GAN(**options).ready()
    module.generator(torch.randn(8, 5))
    return module


def real_batch(n=6):
    images = torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return ImageBatch(images, torch.full((n,), -1))


def fixed_codes(module, monkeypatch, n=6):
    """The codes that the module's losses will draw from now on."""
    z = torch.randn(n, 5, generator=torch.Generator().manual_seed(2))

    def sample(count, generator=None, device=None):
        assert count == n
        return z

    monkeypatch.setattr(module.latent, "sample", sample)
    return z


def cross_entropy(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def test_the_discriminators_loss_is_cross_entropy_over_separate_passes(monkeypatch):
    module, real = make(), real_batch()
    z = fixed_codes(module, monkeypatch)
    expected = cross_entropy(module.discriminator(real.images), 1) + cross_entropy(
        module.discriminator(module.generator(z)), 0
    )
    loss = module.discriminator_loss(real)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert all(p.grad is None for p in module.generator.parameters())
    assert all(p.grad is not None for p in module.discriminator.parameters())


@pytest.mark.parametrize(("objective", "sign", "target"), [(NonSaturating(), 1, 1), (Minimax(), -1, 0)])
def test_the_generators_loss_is_that_of_its_objective(monkeypatch, objective, sign, target):
    module = make(objective=objective)
    z = fixed_codes(module, monkeypatch)
    expected = sign * cross_entropy(module.discriminator(module.generator(z)), target)
    loss = module.generator_loss(real_batch())
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert all(p.grad.abs().sum() > 0 for p in module.generator.parameters())


@pytest.mark.parametrize(
    ("simultaneous", "turns"), [(False, [["discriminator"], ["generator"]]), (True, [["discriminator", "generator"]])]
)
def test_players_move_in_turn_or_at_once(simultaneous, turns):
    module = make(simultaneous=simultaneous)
    assert [list(turn.losses) for turn in module.turns()] == turns
    assert [(stream.name, stream.batches) for stream in module.streams()] == [("real", 1)]
    for turn in module.turns():
        for player, loss in turn.losses.items():
            assert loss == getattr(module, f"{player}_loss")


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


@pytest.mark.parametrize("n", [1, 3, 15])
def test_few_codes_look_in_batch_mode_as_they_do_among_the_fixed_filler(n):
    module, z = make(batch_norm="batch"), torch.randn(n, 5)
    filler = module.latent.sample(16 - n, generator(0, "filler"))
    expected = module.generator.train()(torch.cat([z, filler]))[:n]
    assert torch.allclose(module.decode(z), expected, atol=1e-6)
    assert torch.equal(module.decode(z), module.decode(z))


def test_many_codes_are_decoded_in_passes_of_the_sampling_batch():
    module, z = make(batch_norm="batch"), torch.randn(36, 5)
    expected = [module.decode(z[:16]), module.decode(z[16:32]), module.decode(z[32:])]
    assert torch.allclose(module.decode(z), torch.cat(expected), atol=1e-6)
    assert torch.allclose(module.decode(z[:16]), module.generator.train()(z[:16]), atol=1e-6)


def test_a_batch_statistics_decode_leaves_the_networks_as_they_were():
    module = make(batch_norm="batch")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.sample(5)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_samples_come_from_the_average_where_the_recipe_has_one():
    module, z = make(averages={"generator": Exponential(0.5, start="zero")}), torch.randn(4, 5)
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
    module = make(averages={"discriminator": Exponential(0.5, start="zero")})
    assert torch.equal(module.features(real_batch().images), torch.zeros(6, 96))
    assert Features in module.capabilities()


def test_a_discriminator_without_convolutions_gives_no_features():
    assert make(discriminator=goodfellow.MaxoutDiscriminator(SHAPE, units=4)).capabilities() == {Samples, Decodes}


def test_training_images_reach_the_networks_that_start_from_them():
    module = make(
        generator=partial(goodfellow.MLPGenerator, shape=SHAPE, hidden=8),
        discriminator=goodfellow.MaxoutDiscriminator(SHAPE, units=4),
    )
    images = real_batch(30).images
    module.initialise(images)
    assert torch.allclose(module.decode(torch.zeros(1, 5))[0], images.mean(0), atol=1e-5)


def test_it_says_what_it_can_do_and_what_it_is_built_for():
    module = make()
    assert module.capabilities() == {Samples, Decodes, Features}
    assert module.image_shape == SHAPE


def test_networks_of_different_image_shapes_are_refused():
    with pytest.raises(GenzooError, match=r"makes images of .* \(1, 4, 4\), but the discriminator takes \(3, 4, 4\)"):
        make(discriminator=infogan.Discriminator((3, 4, 4), channels=2, hidden=8))
