import math
from functools import partial

import pytest
import pytorch_lightning as pl
import torch
from torch import distributions as D
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.infogan import InfoGAN
from genzoo.adversarial.networks import infogan as networks
from genzoo.core.batches import ImageBatch, ImageSet
from genzoo.core.capabilities import Decodes, Features, InfersCodes, Samples, ScoresRealism
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent, Uniform
from genzoo.data.module import ImageData
from genzoo.nn.matching import MeanAbsolute
from genzoo.nn.objectives import NonSaturating
from genzoo.nn.posteriors import CategoricalPosterior, GaussianPosterior

SHAPE = (1, 4, 4)


def make(discriminator_lr=0.1, generator_lr=0.1, **options):
    torch.manual_seed(0)
    options = {
        "latent": Latent(noise=Uniform(5), digit=Categorical(3), style=Uniform(2)),
        "posteriors": {"style": GaussianPosterior(), "digit": CategoricalPosterior()},
        "information_weight": {"digit": 0.7, "style": 0.3},
    } | options
    module = InfoGAN(
        q_head=partial(networks.QHead, hidden=6),
        generator=partial(networks.Generator, shape=SHAPE, channels=2, hidden=8),
        discriminator=networks.Discriminator(SHAPE, channels=2, hidden=8),
        objective=NonSaturating(),
        optimizers={
            "discriminator": partial(torch.optim.SGD, lr=discriminator_lr),
            "generator": partial(torch.optim.SGD, lr=generator_lr),
        },
        **options,
    )
    for p in module.q_head.parameters():
        nn.init.normal_(p, std=0.5)  # so that Q is not nearly constant
    return module.ready()


def real_batch(n=8):
    return ImageBatch(torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1, torch.full((n,), -1))


def information_from_scratch(module, z, features, weight_digit=0.7, weight_style=0.3):
    """Σ λ (E log Q(c|x) + H(c)) with torch's distributions; Q's outputs are in the order of the posteriors."""
    outputs = module.q_head(features)
    mean, log_std, logits = outputs[:, :2], outputs[:, 2:4], outputs[:, 4:]
    digit, style = z[:, 5:8], z[:, 8:]
    digit_bound = D.Categorical(logits=logits).log_prob(digit.argmax(1)).mean() + math.log(3)
    style_bound = D.Normal(mean, log_std.exp()).log_prob(style).sum(1).mean() + 2 * math.log(2)
    return weight_digit * digit_bound + weight_style * style_bound


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_both_losses_are_the_objective_minus_the_weighted_information(monkeypatch, player):
    module, real = make().double(), real_batch()
    real = real._replace(images=real.images.double())
    z = module.latent.sample(8, torch.Generator().manual_seed(2)).double()
    monkeypatch.setattr(module.latent, "sample", lambda n, generator=None, device=None: z)
    fake = module.generator(z)
    real_logits, fake_logits = module.discriminator(real.images), module.discriminator(fake)
    information = information_from_scratch(module, z, module.discriminator.features(fake))
    if player == "discriminator":
        adversarial = F.binary_cross_entropy_with_logits(
            torch.cat([real_logits, fake_logits]), torch.cat([torch.ones(8), torch.zeros(8)]).double()
        )
        expected = 2 * adversarial - information
        loss = module.discriminator_loss(real)
    else:
        expected = F.binary_cross_entropy_with_logits(fake_logits, torch.ones(8).double()) - information
        loss = module.generator_loss(real)
    torch.testing.assert_close(loss, expected)
    moved = [p for network in module.players()[player] for p in network.parameters()]
    torch.testing.assert_close(
        torch.autograd.grad(loss, moved, retain_graph=True), torch.autograd.grad(expected, moved)
    )
    loss.backward()
    reached = any(p.grad is not None for p in module.generator.parameters())
    assert reached == (player == "generator")


class Told(nn.Module):
    """A Q head whose features are the parameters themselves."""

    def forward(self, features):
        return features


def bounds_of(module):
    return {name: mean.item() for name, mean in module.meters.means().items()}


def only_digit(size=5):
    return make(
        latent=Latent(digit=Categorical(size)),
        posteriors={"digit": CategoricalPosterior()},
        information_weight={"digit": 2.0},
    )


def test_a_perfect_q_reaches_the_entropy_of_a_categorical_code():
    module = only_digit()
    module.q_head = Told()
    z = module.latent.sample(50)
    assert module.information(z, 100 * z).item() == pytest.approx(2 * math.log(5))
    assert bounds_of(module) == {"information/digit": pytest.approx(math.log(5))}


def test_no_q_exceeds_the_entropy_and_an_ignorant_one_knows_nothing():
    module = only_digit()
    module.q_head = Told()
    z = module.latent.sample(50)
    assert module.information(z, torch.zeros(50, 5)).item() == pytest.approx(0, abs=1e-5)
    for seed in range(20):
        guess = torch.randn(50, 5, generator=torch.Generator().manual_seed(seed)) * 3 + 4 * z
        module.information(z, guess)
        assert bounds_of(module)["information/digit"] < math.log(5)


def test_the_bound_of_each_code_is_recorded_without_its_weight():
    module = make()
    z = module.latent.sample(8)
    features = module.discriminator.features(module.generator(z))
    module.information(z, features)
    bounds = bounds_of(module)
    for name, weights in (("digit", (1, 0)), ("style", (0, 1))):
        expected = information_from_scratch(module, z, features, *weights).item()
        assert bounds[f"information/{name}"] == pytest.approx(expected, rel=1e-5)


class Noise(ImageData):
    name = "noise"

    def load(self):
        images = ImageSet(torch.arange(128, dtype=torch.uint8).view(8, *SHAPE), torch.full((8,), -1))
        return {"train": images, "validation": images, "test": images}


@pytest.mark.parametrize(
    ("discriminator_lr", "generator_lr", "moved"),
    [(0.1, 0.0, {"discriminator", "q_head"}), (0.0, 0.1, {"generator"})],
)
def test_q_is_moved_with_the_discriminator_and_only_then(discriminator_lr, generator_lr, moved):
    module = make(discriminator_lr, generator_lr)
    before = {name: value.detach().clone() for name, value in module.named_parameters()}
    options = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = pl.Trainer(accelerator="cpu", max_epochs=1, enable_model_summary=False, **options)
    trainer.fit(module, datamodule=Noise(size=4, channels=1, batch_size=8))
    changed = {name for name, value in module.named_parameters() if not torch.equal(value, before[name])}
    assert changed == {name for name in before if name.split(".")[0] in moved}


def test_inferred_codes_are_the_means_of_q():
    module, images = make(), real_batch().images
    outputs = module.eval().q_head(module.discriminator.features(images))
    codes = module.infer_codes(images)
    assert set(codes) == {"digit", "style"}
    assert torch.allclose(codes["style"], outputs[:, :2])
    assert torch.allclose(codes["digit"], outputs[:, 4:].exp() / outputs[:, 4:].exp().sum(1, keepdim=True))
    assert torch.allclose(codes["digit"].sum(1), torch.ones(8))
    assert not codes["digit"].requires_grad


def test_inferred_codes_use_the_batchs_statistics_where_the_recipe_says_so():
    module, images = make(batch_norm="batch"), real_batch().images
    outputs = module.train().q_head(module.discriminator.features(images))
    assert torch.allclose(module.infer_codes(images)["style"], outputs[:, :2], atol=1e-6)


def test_it_infers_codes_beside_what_a_gan_does():
    assert make().capabilities() == {Samples, Decodes, Features, InfersCodes, ScoresRealism}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"posteriors": {"digits": CategoricalPosterior()}}, r"model.posteriors.digits: no such part.*noise, digit"),
        ({"information_weight": {"digit": 1, "style": 1, "x": 1}}, r"model.information_weight.x: no such part"),
        ({"information_weight": {"digit": 1}}, r"model.information_weight.style: missing"),
    ],
)
def test_names_of_parts_that_do_not_fit_are_refused(options, message):
    with pytest.raises(GenzooError, match=message):
        make(**options)


def test_with_matching_only_the_objective_is_replaced(monkeypatch):
    module, real = make(matching=MeanAbsolute()), real_batch()
    z = module.latent.sample(8, torch.Generator().manual_seed(2))
    monkeypatch.setattr(module.latent, "sample", lambda *_, **__: z)
    fake, target = (module.discriminator.features(x) for x in (module.generator(z), real.images))
    expected = (fake.mean(0) - target.mean(0)).abs().mean() - module.information(z, fake)
    assert module.generator_loss(real).item() == pytest.approx(expected.item(), rel=1e-5)
