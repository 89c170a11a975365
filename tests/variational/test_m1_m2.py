"""M1+M2: its bounds against distributions of torch and numerical integration; phases, features, settings."""

import math
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.distributions import Categorical as Classes
from torch.distributions import Normal as Gauss
from torch.distributions import kl_divergence
from torch.nn import functional as F

from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.data.shapes import Shapes
from genzoo.nn.likelihoods import Bernoulli
from genzoo.variational import posteriors
from genzoo.variational.m1_m2 import M1M2
from genzoo.variational.networks.mlp import MLPClassEncoder, MLPDecoder, MLPEncoder
from support import SHAPES, composed, cpu_trainer, resolved, same, whole_and_cut
from support.games import AfterEachRound

SHAPE = (1, 2, 2)
ADAM = dict.fromkeys(("m1", "m2"), partial(torch.optim.Adam, lr=0.01))
M1, M2 = ("feature_encoder", "feature_decoder"), ("classifier", "encoder", "decoder")


def small(features=3, z=2, shape=SHAPE, std=0.5, kept=None, **options):
    """A model of binary pixels and three classes whose parameters are drawn."""
    torch.manual_seed(0)
    of_features = {"shape": (1, 1, features), "hidden": [5], "activation": "softplus"}
    of_images = of_features | {"shape": shape}
    options = {
        "classifier": partial(MLPEncoder, **of_features),
        "encoder": partial(MLPClassEncoder, **of_features),
        "decoder": partial(MLPDecoder, **of_features),
        "feature_encoder": partial(MLPEncoder, **of_images),
        "feature_decoder": partial(MLPDecoder, **of_images),
        "latent": Latent(z=Normal(z), label=Categorical(3)),
        "labelled_share": 0.2,
        "class_weight": 0.5,
        "likelihood": Bernoulli(),
        "optimizers": ADAM,
        "m1_rounds": 2,
    } | options
    model = M1M2(**options)
    for p in model.parameters():
        nn.init.normal_(p, std=std)
    if kept is not None:
        model.kept.copy_(torch.tensor(kept))
    return model.ready()


def batch(n=6, seed=0):
    images = torch.randint(2, (n, *SHAPE), generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
    return ImageBatch(images, torch.arange(n) % 3)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def posterior(model, images):
    """q(z₁|x)."""
    mean, log_std = model.feature_encoder(images).chunk(2, 1)
    return Gauss(mean, log_std.exp())


def without_noise(monkeypatch):
    monkeypatch.setattr(posteriors, "standard_noise", lambda like, generator=None: torch.zeros_like(like))


def bound_of_class(model, x, labels):
    """-L(x, y) of features x with z₂ = its mean, over the features that are kept; by torch's distributions."""
    one_hot, kept = F.one_hot(labels, 3).float(), model.kept.bool()
    mean, log_std = model.encoder(x, one_hot).chunk(2, 1)
    q = Gauss(mean, log_std.exp())
    location, log_scale = model.decoder(torch.cat([mean, one_hot], 1))[:, :, 0].unbind(1)
    log_p = Gauss(location, log_scale.exp()).log_prob(x)[:, kept].sum(1)
    return log_p + math.log(1 / 3) - kl_divergence(q, Gauss(0, 1)).sum(1)


def bound_of_all(model, x):
    """-U(x), likewise."""
    q = Classes(logits=model.classifier(x))
    of_each = torch.stack([bound_of_class(model, x, torch.full((len(x),), label)) for label in range(3)], 1)
    return (q.probs * of_each).sum(1) + q.entropy()


@pytest.mark.parametrize("kept", [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]], ids=str)
def test_m2_s_loss_is_the_papers_sum_over_features_divided_by_the_number_of_images(kept, monkeypatch):
    without_noise(monkeypatch)
    model, labelled, unlabelled = small(kept=kept, labelled_share=4 / 20), batch(4), batch(16, seed=1)
    x, x_labelled = (posterior(model, images).mean * model.kept for images in (unlabelled.images, labelled.images))
    misses = F.cross_entropy(model.classifier(x_labelled), labelled.labels)
    of_class = bound_of_class(model, x_labelled, labelled.labels)
    expected = (-bound_of_all(model, x).sum() - of_class.sum() + 0.5 * 20 * misses) / 20
    (drawn,) = model.draw_features(labelled=labelled, unlabelled=unlabelled)
    torch.testing.assert_close(model.semi_supervised_loss(**drawn), expected)


def test_m1_s_loss_is_the_autoencoders(monkeypatch):
    without_noise(monkeypatch)
    model, images = small(), batch().images
    q = posterior(model, images)
    pixels = torch.distributions.Bernoulli(logits=model.feature_decoder(q.mean)).log_prob((images + 1) / 2)
    expected = kl_divergence(q, Gauss(0, 1)).sum(1) - pixels.sum((1, 2, 3))
    torch.testing.assert_close(model.m1_loss(batch()), expected.mean())


def log_evidence(model, images):
    """log p(x) of two features, one or both of them of M2, and one-dimensional z₂, on grids, in float64."""
    line = torch.linspace(-7, 7, 71, dtype=torch.float64)
    z2 = torch.linspace(-7, 7, 141, dtype=torch.float64)
    z1 = torch.cartesian_prod(line, line)
    log_prior = torch.full((len(z1),), -math.inf, dtype=torch.float64)
    normal = Gauss(torch.zeros((), dtype=torch.float64), 1)
    with torch.no_grad():
        for label in torch.eye(3):
            codes = torch.cat([z2[:, None].float(), label.expand(len(z2), -1)], 1)
            mean, log_std = model.decoder(codes)[:, :, 0].double().unbind(1)
            of_m2 = Gauss(mean, log_std.exp()).log_prob(z1[:, None])  # (z₁, z₂, features)
            each = torch.where(model.kept.bool(), of_m2, normal.log_prob(z1)[:, None]).sum(2)
            log_prior = torch.logaddexp(log_prior, (each + normal.log_prob(z2)).logsumexp(1))
        log_prior += math.log(z2[1] - z2[0]) - math.log(3)
        logits = model.feature_decoder(z1.float())
    pixels = [torch.distributions.Bernoulli(logits=logits).log_prob((x + 1) / 2).sum((1, 2, 3)) for x in images]
    return (torch.stack(pixels).double() + log_prior).logsumexp(1) + 2 * math.log(line[1] - line[0])


@pytest.mark.parametrize("kept", [[1.0, 1.0], [0.0, 1.0]], ids=str)
def test_the_bound_and_the_likelihood_of_images_against_numerical_integration(kept):
    every = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 4).view(16, *SHAPE)
    model, many = small(features=2, z=1, std=0.3, kept=kept), to_levels(every, 2).repeat(200, 1, 1, 1)
    for p in (*model.feature_encoder.layers[-1].parameters(), *model.encoder.layers.parameters()):
        nn.init.normal_(p, std=0.1)  # the posteriors are near the priors, so that importance weights vary little
    exact = log_evidence(model, every)
    assert exact.logsumexp(0).item() == pytest.approx(0, abs=1e-3)
    bound = model.bound(many, seeded())
    assert ((bound.log_likelihood - sum(bound.kl.values())).view(200, 16).mean(0) < exact).all()
    estimates = model.log_prob(many, 25, seeded()).double().view(200, 16)
    torch.testing.assert_close(estimates.logsumexp(0) - math.log(200), exact, rtol=0, atol=0.05)


def test_features_are_draws_of_the_kept_ones_without_gradient():
    model, images = small(kept=[1.0, 0.0, 1.0]), batch(2).images
    q = posterior(model, images)
    many = ImageBatch(images.repeat(20000, 1, 1, 1), torch.zeros(40000))
    (streams,) = model.draw_features(labelled=many)
    drawn = streams["labelled"].images.view(20000, 2, 3)
    assert not drawn.requires_grad
    torch.testing.assert_close(drawn.mean(0), q.mean.detach() * model.kept, rtol=0, atol=0.05)
    torch.testing.assert_close(drawn.std(0), q.stddev.detach() * model.kept, rtol=0.05, atol=0.05)
    one, two = (next(model.draw_features(labelled=batch(), unlabelled=batch()))["unlabelled"] for _ in range(2))
    assert not torch.equal(one.images, two.images)
    assert torch.equal(one.labels, batch().labels)


def test_images_are_classified_at_the_means_of_the_kept_features():
    model, images = small(kept=[1.0, 0.0, 1.0]), batch().images
    expected = model.classifier(posterior(model, images).mean * model.kept).detach()
    torch.testing.assert_close(model.classify(images), expected)
    with torch.no_grad():
        model.feature_encoder.layers[-1].bias[1] += 9  # the mean of the feature that is not kept
    torch.testing.assert_close(model.classify(images), expected)


class Columns(nn.Module):
    """Means: the first pixels of the image, at given scales; log standard deviations 0."""

    shape = SHAPE

    def __init__(self, outputs):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(outputs // 2))

    def forward(self, images):
        means = self.scale * images.flatten(1)[:, : len(self.scale)]
        return torch.cat([means, torch.zeros_like(means)], 1)


def test_features_whose_mean_varies_by_more_than_the_smallest_deviation_are_kept():
    """Half of the pixels are 1 and half -1, so a feature's standard deviation is its scale."""
    model = small(feature_encoder=Columns, kept=[0.0, 0.0, 0.0])
    model.feature_encoder.scale.data = torch.tensor([0.11, -0.09, -0.5])
    images = torch.tensor([-1.0, 1.0]).repeat(4).view(-1, 1, 1, 1).expand(-1, *SHAPE)
    model.choose_features(ImageBatch(images, torch.zeros(8)))
    assert model.kept.tolist() == [1.0, 0.0, 1.0]
    model.min_std = 0.6
    with pytest.raises(GenzooError, match=r"^model\.min_std=0\.6: no feature of M1 varies more; choose a smaller"):
        model.choose_features(ImageBatch(images, torch.zeros(8)))


def test_samples_are_decoded_from_the_mean_of_the_kept_features():
    model, labels = small(kept=[1.0, 0.0, 1.0]), torch.tensor([2, 0])
    z = model.latent.split(model.latent.sample(2, seeded()))["z"]
    features = model.decoder(torch.cat([z, F.one_hot(labels, 3).float()], 1))[:, 0, 0] * model.kept
    expected = 2 * model.feature_decoder(features).sigmoid() - 1
    torch.testing.assert_close(model.sample(2, labels, seeded()), expected.detach())


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}


def test_each_loss_has_gradients_of_its_networks_and_of_no_others():
    model = small()
    names = {name for name, _ in model.named_parameters()}
    of_m1 = {name for name in names if name.startswith(M1)}
    assert gradients(model, model.m1_loss(batch())) == of_m1
    (drawn,) = model.draw_features(labelled=batch(), unlabelled=batch(seed=1))
    assert gradients(model, model.semi_supervised_loss(**drawn)) == names - of_m1


def play(model, rounds, callbacks=()):
    data = Shapes(size=16, channels=1, levels=2, n_train=64, n_validation=0, n_test=0, batch_size=4, rounds=rounds)
    cpu_trainer(callbacks=list(callbacks)).fit(model, datamodule=data)


def test_m1_is_trained_first_then_m2_on_a_choice_of_features_and_the_other_stays_to_the_bit():
    model = small(shape=(1, 16, 16), std=0.05, latent=Latent(z=Normal(2), label=Categorical(4)), min_std=0.02)
    batches = [{stream.name: stream.batches for stream in model.streams(round)} for round in (0, 1, 2, 3)]
    first, then = {"labelled": 0, "unlabelled": 1}, {"labelled": 1, "unlabelled": 1}
    assert batches == [first, first, then | {"unlabelled": 10}, then]

    def held(model):
        networks = {name: getattr(model, name).state_dict() for name in M1 + M2}
        copies = {name: {key: value.clone() for key, value in state.items()} for name, state in networks.items()}
        return copies | {"kept": model.kept.clone()}

    with torch.no_grad():
        model.feature_encoder.layers[-1].weight[0] = 0  # the mean of a feature, constant if M1 does not learn it
        model.feature_encoder.layers[-1].weight[1] = 0.5
    model.optimizer_factories["m1"] = partial(torch.optim.Adam, lr=1e-4)
    states = [held(model)]
    play(model, 4, [AfterEachRound(lambda trainer, model: states.append(held(model)))])
    changed = [{name for name in one if not same(one[name], two[name])} for one, two in pairwise(states)]
    assert changed == [set(M1), set(M1), {*M2, "kept"}, set(M2)]
    assert states[-1]["kept"][:2].tolist() == [0.0, 1.0]
    assert model.progress.seen == 4 * (1 + 1 + 11 + 2)


@pytest.mark.parametrize("at", [3, 4, 5, 6])
def test_a_run_cut_in_either_phase_ends_with_the_weights_of_an_unbroken_one(at, tmp_path, monkeypatch):
    options = (*SHAPES, "model=m1_m2", "data.levels=2", "trainer=smoke", "recipe.batch_size=4", "logger=none")
    options += ("trainer.rounds=8", "model.m1_rounds=4", "metrics=none", "callbacks.pictures=null")
    one, two = whole_and_cut((*options, "callbacks.checkpoints.every=1"), at, tmp_path, monkeypatch)
    assert all(same(one[key], two[key]) for key in ("state_dict", "optimizer_states", "progress", "meters"))


def test_what_does_not_fit_is_refused_in_one_line():
    with pytest.raises(GenzooError, match=r"^model\.m1_rounds=0: a positive integer is needed\.$"):
        small(m1_rounds=0)
    with pytest.raises(GenzooError, match=r"^model\.optimizers: m2 has no optimizer"):
        small(optimizers={"m1": ADAM["m1"]})
    model = small(shape=(1, 16, 16), latent=Latent(z=Normal(2), label=Categorical(4)))
    with pytest.raises(GenzooError, match=r"^model\.m1_rounds=2: the run has 2 rounds, none of them for M2; choose"):
        play(model, 2)


def test_the_recipe_s_weight_decay_is_the_prior_of_the_weights_and_m1_begins_at_its_own_scale():
    config = resolved("model=m1_m2", "data=binarized_mnist_dynamic")
    for player in ("m1", "m2"):
        assert config["model"]["optimizers"][player]["weight_decay"] == pytest.approx(1 / config["data"]["train_size"])
    torch.manual_seed(0)
    first, _, second, *_ = MLPEncoder((1, 28, 28), outputs=10, hidden=[500, 500], std=None).layers
    for layer in (first, second):
        assert layer.weight.std().item() == pytest.approx(layer.in_features**-0.5, rel=0.02)
        assert layer.bias.std().item() == pytest.approx(0.01, rel=0.2)
    assert composed("model=m1_m2").recipe.rounds > composed("model=m1_m2").width.m1_rounds
