import math
import weakref

import pytest
import torch

from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.latent import Latent, Normal, Uniform
from genzoo.core.schedules import Linear
from genzoo.variational.free_bits import FreeBits
from variational.linear_gaussian import Decoder, Encoder, divergence, linear_gaussian, log_evidence

LEVELS = torch.randint(256, (6, 1, 2, 2), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
IMAGES = from_levels(LEVELS)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(images):
    return ImageBatch(images, torch.zeros(len(images), dtype=torch.long))


def negative_elbo(bound):
    return sum(bound.kl.values()) - bound.log_likelihood


def test_with_the_exact_posterior_every_estimate_is_the_log_evidence():
    model = linear_gaussian()
    for k in (1, 7):
        torch.testing.assert_close(model.log_prob(LEVELS, k, seeded(k)), log_evidence(IMAGES), rtol=1e-5, atol=1e-5)


def test_the_bound_is_looser_by_the_divergence_from_the_true_posterior():
    error = 0.4
    model = linear_gaussian(error)
    found = torch.stack([negative_elbo(model.bound(LEVELS, seeded(i))) for i in range(4000)]).mean(0)
    torch.testing.assert_close(found, -log_evidence(IMAGES) + divergence(error), rtol=0, atol=0.05)


def test_more_importance_samples_come_closer_to_the_log_evidence_from_below():
    model = linear_gaussian(error=0.4)
    repeated = LEVELS[:1].expand(4000, -1, -1, -1)
    evidence = log_evidence(IMAGES[:1]).item()
    found = [model.log_prob(repeated, k, seeded()).mean().item() for k in (1, 4, 32, 256)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(evidence - divergence(0.4), abs=0.05)
    assert found[-1] == pytest.approx(evidence, abs=0.01)


def test_importance_weights_are_averaged_in_the_exponent():
    """Against weights drawn one by one from the same generator."""
    model = linear_gaussian(error=0.4)
    generator, weights = seeded(3), []
    with torch.no_grad():
        for _ in range(5):
            terms = model.terms(IMAGES, model.recognise(IMAGES), generator)
            weights.append(terms.log_likelihood - terms.log_ratio)
    expected = torch.stack(weights).double().exp().mean(0).log()
    torch.testing.assert_close(model.log_prob(LEVELS, 5, seeded(3)).double(), expected, rtol=1e-6, atol=1e-6)


def test_one_importance_sample_is_held_at_a_time(monkeypatch):
    model, draws, alive = linear_gaussian(error=0.4), [], []
    terms = type(model).terms

    def watched(self, *args):
        alive.append(sum(draw() is not None for draw in draws))
        found = terms(self, *args)
        assert not found.log_ratio.requires_grad
        draws.append(weakref.ref(found.log_ratio))
        return found

    monkeypatch.setattr(type(model), "terms", watched)
    model.log_prob(LEVELS, 20)
    assert len(alive) == 20
    assert max(alive) == 1


def test_no_importance_samples_are_refused():
    with pytest.raises(GenzooError, match="n_importance=0: a positive integer is needed"):
        linear_gaussian().log_prob(LEVELS, 0)


def test_the_same_generator_gives_the_same_bound_and_leaves_the_global_one_alone():
    model = linear_gaussian(error=0.4)
    before = torch.get_rng_state()
    a, b, c = (negative_elbo(model.bound(LEVELS, seeded(s))) for s in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_without_free_bits_the_loss_is_minus_the_bound():
    model = linear_gaussian(error=0.4)
    torch.manual_seed(0)
    loss = model.loss(batch(IMAGES))
    torch.manual_seed(0)
    expected = negative_elbo(model(IMAGES).bound()).mean()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(model.meters.means()["negative_elbo"], expected.detach())


def test_free_bits_floor_the_loss_and_never_what_is_reported():
    plain, floored = linear_gaussian(), linear_gaussian(free_bits=FreeBits(50.0))
    torch.manual_seed(0)
    loss = floored.loss(batch(IMAGES))
    torch.manual_seed(0)
    bound = plain(IMAGES).bound()
    torch.testing.assert_close(loss, 2 * 50.0 - bound.log_likelihood.mean())
    torch.testing.assert_close(floored.meters.means()["negative_elbo"], negative_elbo(bound).mean().detach())
    for measure in (lambda m: negative_elbo(m.bound(LEVELS, seeded())), lambda m: m.log_prob(LEVELS, 3, seeded())):
        assert torch.equal(measure(plain), measure(floored))


@pytest.mark.parametrize(("rounds", "weight"), [(0, 0.0), (4, 0.4), (10, 1.0), (50, 1.0)])
def test_the_weight_of_the_divergence_rises_in_the_loss_and_never_in_what_is_reported(rounds, weight):
    plain, annealed = linear_gaussian(), linear_gaussian(kl_weight=Linear(start=0.0, end=1.0, rounds=10))
    annealed.progress.rounds = rounds
    torch.manual_seed(0)
    loss = annealed.loss(batch(IMAGES))
    torch.manual_seed(0)
    bound = plain(IMAGES).bound()
    kl = sum(bound.kl.values())
    assert (kl > 0.1).all()
    torch.testing.assert_close(loss, (weight * kl - bound.log_likelihood).mean())
    torch.testing.assert_close(annealed.meters.means()["negative_elbo"], negative_elbo(bound).mean().detach())


def test_a_unit_below_its_floor_has_no_gradient_and_one_above_all_of_it():
    kl = torch.tensor([[0.1, 2.0], [0.3, 4.0]], requires_grad=True)
    cost = FreeBits(0.5)(kl)
    cost.backward()
    assert cost.item() == 0.5 + 3.0
    assert kl.grad.tolist() == [[0.0, 0.5], [0.0, 0.5]]


def test_without_a_floor_estimated_divergences_below_zero_count_as_they_are():
    assert FreeBits(0.0)(torch.tensor([[-1.0, 2.0], [-3.0, 2.0]])).item() == 0.0


def test_a_negative_floor_is_refused():
    with pytest.raises(GenzooError, match=r"model.free_bits.nats=-1: expected a non-negative number"):
        FreeBits(-1)


def test_samples_decode_the_priors_draws():
    model = linear_gaussian()
    z = model.latent.sample(5, seeded())
    torch.testing.assert_close(model.sample(5, generator=seeded()), model.decoder(z).detach())


def test_reconstructions_are_the_decoded_posterior_means():
    model = linear_gaussian()
    z = model.encode(IMAGES)
    torch.testing.assert_close(z, model.encoder(IMAGES)[:, :2].detach())
    torch.testing.assert_close(model.decode(z), model.decoder(z).detach())


def test_the_divergence_is_recorded_layer_by_layer():
    model = linear_gaussian()
    model.loss(batch(IMAGES))
    means = model.meters.means()
    start, _ = model.recognise(IMAGES)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(start.mean, start.log_std.exp()), torch.distributions.Normal(0.0, 1.0)
    )
    torch.testing.assert_close(means["kl/z"], expected.sum(1).mean().detach())


def test_a_bound_that_is_not_finite_is_named_with_its_layer():
    model = linear_gaussian()
    model.encoder.linear.bias.data[0] = math.nan
    model.meters.log("model_loss", model.loss(batch(IMAGES)), 3)
    assert next(iter(model.meters.first_bad())) == "kl/z"


@pytest.mark.parametrize("part", [Uniform(1), Normal(1, std=2.0)])
def test_a_prior_that_is_not_standard_normal_is_refused(part):
    with pytest.raises(GenzooError, match=r"model.latent.u: the prior of this model is standard normal"):
        built(latent=Latent(z=Normal(1), u=part))


def test_networks_for_other_images_are_refused():
    class Other(Decoder):
        shape = (1, 4, 4)

    with pytest.raises(
        GenzooError, match=r"decoder outputs images of .* \(1, 4, 4\), but the encoder takes \(1, 2, 2\)"
    ):
        built(decoder=Other)


def built(**changed):
    from genzoo.variational.posteriors import DiagonalGaussian
    from genzoo.variational.vae import VAE
    from variational.linear_gaussian import GaussianPixels

    parts = {"encoder": Encoder, "decoder": Decoder, "posterior": DiagonalGaussian, "latent": Latent(z=Normal(2))}
    return VAE(**{**parts, **changed}, likelihood=GaussianPixels(), optimizers={"model": torch.optim.Adam})
