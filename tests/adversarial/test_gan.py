import copy
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.matching import MeanAbsolute, MeanSquared
from genzoo.adversarial.networks import dcgan, goodfellow, infogan
from genzoo.adversarial.objectives import Minimax, NonSaturating, Wasserstein
from genzoo.adversarial.penalties import R1, GradientPenalty
from genzoo.adversarial.rounds import Alternating, Shared, Simultaneous
from genzoo.core.averages import EMA
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.capabilities import Decodes, Features, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.core.randomness import generator
from genzoo.nn.minibatch import MinibatchDiscrimination
from genzoo.runs.build import build_module
from support import SHAPES, resolved

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
    module.generator(torch.randn(8, module.latent.width))
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
    ("round", "turns"),
    [(Alternating(), [["discriminator"], ["generator"]]), (Simultaneous(), [["discriminator", "generator"]])],
)
def test_players_move_in_turn_or_at_once(round, turns):
    module = make(round=round)
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
    with pytest.raises(GenzooError, match=r"generator's images .* \(1, 4, 4\), but the discriminator's \(3, 4, 4\)"):
        make(discriminator=infogan.Discriminator((3, 4, 4), channels=2, hidden=8))


# One pass through the generator


def play(module, rounds=1, n=6):
    """Rounds on the same real images by hand, as ``RoundModule`` plays them: the generator's passes, the losses."""
    passes, losses = [], []
    hook = module.generator.register_forward_hook(lambda *_: passes.append(1))
    module.configure_optimizers()
    optimizers = {player: torch.optim.SGD(ps, 0.1) for player, ps in module._parameters_of.items()}
    for _ in range(rounds):
        for turn in module.turns():
            (arguments,) = turn.draws(real=real_batch(n))
            for player, loss_of in turn.losses.items():
                with module.only(player):
                    optimizers[player].zero_grad()
                    losses.append(loss_of(**arguments))
                    losses[-1].backward()
                optimizers[player].step()
                module.after_step(player)
    hook.remove()
    return len(passes), [loss.item() for loss in losses]


def test_players_that_share_images_are_given_the_same_ones_and_move_in_turn_or_at_once():
    for at_once in (False, True):
        module = make(round=Shared(at_once))
        (turn,) = module.turns()
        assert turn.at_once == at_once
        (arguments,) = turn.draws(real=real_batch())
        z, images = arguments["made"]
        assert torch.equal(module.generator(z), images)
        fakes = module.detached_fakes(**arguments)
        assert not fakes[1].requires_grad
        assert all(torch.equal(a, b) for a, b in zip(fakes, (z, images), strict=True))
        improved = torch.autograd.grad(module.generator_loss(**arguments), images)[0]
        assert improved.abs().sum() > 0


def test_shared_images_save_a_pass_and_change_nothing_else(monkeypatch):
    # With the same codes for both players, two passes give what one gives.
    one, two = make(round=Shared()), make()
    for module in (one, two):
        fixed_codes(module, monkeypatch)
    (passes, losses), (twice, same) = play(one, rounds=3), play(two, rounds=3)
    assert (passes, twice) == (3, 6)
    assert losses == pytest.approx(same, rel=1e-5)
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a, b)


# Turns of several steps and batches


def test_critic_steps_and_doubled_batches_are_in_the_turns():
    module = make(round=Alternating(discriminator_steps=5, generator_batches=2))
    critic, maker = module.turns()
    assert critic.repeats_in(0) == 5
    assert maker.repeats_in(0) == 1
    assert [(s.name, s.batches) for turn in (critic, maker) for s in turn.streams] == [("real", 1), ("real", 2)]
    assert [s.batches for s in module.streams()] == [5]
    assert make(round=Alternating(lambda rounds: 100 - rounds)).streams(60)[0].batches == 40


@pytest.mark.parametrize("key", ["discriminator_steps", "generator_batches"])
@pytest.mark.parametrize("value", [0, -1, 1.5])
def test_numbers_of_steps_and_batches_are_positive_integers(key, value):
    with pytest.raises(GenzooError, match=rf"model.round.{key}={value}: a positive integer is needed"):
        Alternating(**{key: value})


# Penalties, clipping, dequantisation


def critic(**options):
    return dcgan.Discriminator((1, 16, 16), channels=2, norm="none", **options)


def wasserstein(**options):
    options = {
        "generator": partial(dcgan.Generator, shape=(1, 16, 16), channels=2),
        "discriminator": critic(),
    } | options
    return make(objective=Wasserstein(), **options)


def test_penalties_are_added_to_the_discriminators_loss_and_recorded():
    penalties = {"gradient_penalty": GradientPenalty(2.0), "r1": R1(3.0)}
    module, images = wasserstein(penalties=penalties), torch.rand(6, 1, 16, 16)
    real = ImageBatch(images, torch.full((6,), -1))
    torch.manual_seed(0)
    loss = module.discriminator_loss(real)
    recorded = module.meters.means()
    torch.manual_seed(0)
    module.penalties = {}
    assert loss.item() == pytest.approx((module.discriminator_loss(real) + sum(recorded.values())).item(), rel=1e-5)
    assert recorded["r1"].item() == pytest.approx(R1(3.0)(module.discriminator, images, images).item(), rel=1e-5)
    assert recorded.keys() == {"gradient_penalty", "r1"}


def test_a_penalty_with_batch_norm_is_refused_with_the_reason():
    with pytest.raises(
        GenzooError, match=r"model.penalties.r1: the discriminator has batch norm.*other images of the batch"
    ):
        make(penalties={"r1": R1()})


def test_a_penalty_with_minibatch_discrimination_is_refused_likewise():
    with pytest.raises(
        GenzooError, match=r"penalties.r1: the discriminator has minibatch discrimination.*other images of the batch"
    ):
        wasserstein(penalties={"r1": R1()}, discriminator=critic(minibatch=MinibatchDiscrimination))


def test_a_compiled_critic_under_a_penalty_is_refused():
    with pytest.raises(GenzooError, match=r"compile=true: .*model.penalties.r1 .*use compile=false"):
        wasserstein(penalties={"r1": R1()}).compile_networks()


def test_weights_are_clipped_at_the_start_and_after_each_of_the_critics_steps():
    module = wasserstein(weight_clip=0.01)
    module.initialise(torch.zeros(1, 1, 16, 16))
    assert max(p.abs().max().item() for p in module.discriminator.parameters()) == pytest.approx(0.01)
    free = max(p.abs().max().item() for p in module.generator.parameters())
    with torch.no_grad():
        for p in module.discriminator.parameters():
            p.fill_(-5)
    module.after_step("generator")
    assert all((p == -5).all() for p in module.discriminator.parameters())
    module.after_step("discriminator")
    assert all(torch.allclose(p, torch.tensor(-0.01)) for p in module.discriminator.parameters())
    assert max(p.abs().max().item() for p in module.generator.parameters()) == free > 0.01


@pytest.mark.parametrize("bound", [0, -0.01, "abc"])
def test_a_clipping_bound_that_is_not_positive_is_refused(bound):
    with pytest.raises(GenzooError, match=rf"model.weight_clip={bound}: a positive bound is needed"):
        wasserstein(weight_clip=bound)


def test_dequantised_real_images_stay_within_their_level():
    module = wasserstein(dequantise=True)
    levels = torch.randint(256, (6, 1, 16, 16))
    seen = module.real_images(ImageBatch(levels.float() / 127.5 - 1, torch.full((6,), -1)))
    inside = (seen + 1) * 128 - levels  # in [0, 1) of the level's width
    assert 0 <= inside.min() < 0.01
    assert 0.99 < inside.max() < 1.001
    assert inside.mean().item() == pytest.approx(0.5, abs=0.03)
    assert torch.equal(wasserstein().real_images(real_batch()), real_batch().images)


@pytest.mark.parametrize("name", ["sngan", "wgan_gp_resnet"])
def test_real_images_are_dequantised_where_the_original_does_so(name):
    module = build_module(resolved(f"model={name}", *SHAPES, "trainer=smoke"))
    levels = torch.randint(256, (64, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    batch = ImageBatch(from_levels(levels), torch.full((64,), -1))
    torch.manual_seed(1)
    first, other = module.real_images(batch), module.real_images(batch)
    torch.manual_seed(1)
    assert torch.equal(module.real_images(batch), first), "a run that resumes would see other noise"
    assert not torch.equal(first, other)
    noise = (first - (levels / 128 - 1)) * 128  # U(0, 1)
    assert -1e-4 < noise.min() < 0.01
    assert 0.99 < noise.max() < 1 + 1e-4
    assert noise.mean().item() == pytest.approx(0.5, abs=0.01)
    assert noise.var().item() == pytest.approx(1 / 12, abs=0.005)


def test_dequantisation_needs_256_levels():
    with pytest.raises(GenzooError, match="has 2 levels per pixel, but the model needs 256"):
        wasserstein(dequantise=True).check_data(DataSpec("binary", 1, 16, levels=2))


def test_logits_are_float32_under_autocast():
    module = wasserstein()
    with torch.autocast("cpu", torch.bfloat16):
        assert module.discriminate(torch.zeros(2, 1, 16, 16), None).dtype == torch.float32


# Feature matching


@pytest.mark.parametrize(("matching", "distance"), [(MeanSquared(), F.mse_loss), (MeanAbsolute(), F.l1_loss)])
def test_the_generator_may_match_the_means_of_features_instead(matching, distance, monkeypatch):
    module, real = make(matching=matching), real_batch()
    discriminator, z = module.discriminator, fixed_codes(module, monkeypatch)
    means = [discriminator.features(x).mean(0) for x in (module.generator(z), real.images)]
    loss = module.generator_loss(real)
    assert loss.item() == pytest.approx(distance(*means).item(), rel=1e-5)
    wanted = torch.autograd.grad(distance(means[0], means[1].detach()), list(module.generator.parameters()))
    loss.backward()
    for p, gradient in zip(module.generator.parameters(), wanted, strict=True):
        torch.testing.assert_close(p.grad, gradient, rtol=1e-4, atol=1e-7)
    expected = cross_entropy(discriminator(real.images), 1) + cross_entropy(discriminator(module.generator(z)), 0)
    torch.testing.assert_close(module.discriminator_loss(real), expected)  # stays as it is
    assert not module.accumulates
    assert make().accumulates


def test_matching_needs_features():
    with pytest.raises(
        GenzooError, match=r"model.matching: this model needs a FeatureNetwork .* MaxoutDiscriminator has no features"
    ):
        make(matching=MeanSquared(), discriminator=goodfellow.MaxoutDiscriminator(SHAPE, units=4))


def test_matched_real_images_are_as_the_discriminator_sees_them():
    class Seen(torch.nn.Module):
        shape = (1, 16, 16)

        def features(self, images):
            return images.flatten(1)

        def forward(self, images):
            return images.flatten(1).mean(1)

    module = wasserstein(discriminator=Seen(), matching=lambda real, fake: real.mean(), dequantise=True)
    real = ImageBatch(torch.full((64, 1, 16, 16), -1.0), torch.full((64,), -1))
    assert module.generator_loss(real).item() == pytest.approx(-1 + 1 / 256, abs=2e-4)  # half a level of 1 / 128
