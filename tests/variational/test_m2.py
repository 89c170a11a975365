"""M2: its bounds against enumeration, the autoencoder without classes, numerical integration; settings."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.nn.likelihoods import Bernoulli
from genzoo.runs.build import build_module
from genzoo.variational import posteriors
from genzoo.variational.m2 import M2
from genzoo.variational.networks.mlp import MLPClassEncoder, MLPDecoder, MLPEncoder
from genzoo.variational.posteriors import DiagonalGaussian
from genzoo.variational.vae import VAE
from support import SHAPES, resolved

SHAPE, HIDDEN = (1, 2, 2), [5]
ADAM = {"model": torch.optim.Adam}


class One(Categorical):
    """A single category, which the latent codes of real models must not have."""

    def __init__(self):
        self.size, self.entropy = 1, 0.0


def small(classes=3, z=2, share=0.2, weight=0.5, seed=0):
    """A model of four binary pixels whose parameters are drawn."""
    torch.manual_seed(seed)
    latent = Latent(z=Normal(z), label=Categorical(classes) if classes > 1 else One())
    networks = {
        "classifier": partial(MLPEncoder, shape=SHAPE, hidden=HIDDEN, activation="softplus"),
        "encoder": partial(MLPClassEncoder, shape=SHAPE, hidden=HIDDEN, activation="softplus"),
        "decoder": partial(MLPDecoder, shape=SHAPE, hidden=HIDDEN, activation="softplus"),
    }
    given = {"labelled_share": share, "class_weight": weight, "likelihood": Bernoulli(), "optimizers": ADAM}
    model = M2(**networks, latent=latent, **given)
    for p in model.parameters():
        nn.init.normal_(p, std=0.7)
    return model.ready()


def batch(n=6, seed=0, classes=3):
    images = torch.randint(2, (n, *SHAPE), generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
    return ImageBatch(images, torch.arange(n) % classes)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def value(terms):
    bound = terms.bound()
    return bound.log_likelihood - sum(bound.kl.values())


def of_all_classes(model, images, generator):
    """-U(x), (B,), and -L(x, y) of each class, (K, B), of the same draws of z."""
    recognised = model.recognise(images)
    given = model.joint.of_class(images, model.joint.each_class(images), recognised[1], seeded(generator))
    return value(model.terms(images, recognised, seeded(generator))), value(given), recognised[0]


def test_the_unlabelled_bound_is_the_sum_over_all_classes_plus_the_entropy():
    unlabelled, labelled, log_q = of_all_classes(small(), batch().images, 1)
    p = log_q.exp()
    entropy = -(p * log_q).sum(0)
    torch.testing.assert_close(unlabelled, (p * labelled).sum(0) + entropy)
    assert ((entropy >= 0) & (entropy <= math.log(3))).all()
    torch.testing.assert_close(p.sum(0), torch.ones(6))


def test_the_best_classifier_makes_it_as_large_as_the_bound_with_any_class():
    """At q(y|x) ∝ exp(-L(x, y)), -U = log Σ_y exp(-L(x, y)) ≥ max_y -L(x, y); no other q(y|x) is better."""
    model, images = small(), batch().images
    unlabelled, labelled, _ = of_all_classes(model, images, 1)
    best = labelled.log_softmax(0)
    _, posterior = model.recognise(images)
    found = value(model.terms(images, (best, posterior), seeded(1)))
    torch.testing.assert_close(found, labelled.logsumexp(0))
    assert (found >= labelled.max(0).values).all()
    assert (found >= unlabelled).all()


@pytest.mark.parametrize("label", [0, 2])
def test_of_a_certain_classifier_it_is_the_labelled_bound(label):
    model, images = small(), batch().images
    _, posterior = model.recognise(images)
    certain = (model.joint.each_class(images)[label].T - 1) * 1e4  # log q: 0 for the class, -10,000 for others
    given = model.joint.of_class(images, model.joint.each_class(images), posterior, seeded(1))
    torch.testing.assert_close(value(model.terms(images, (certain, posterior), seeded(1))), value(given)[label])


def test_of_a_single_class_both_bounds_are_the_autoencoders():
    """Equal weights; the class's column of the first layers is added to their biases."""
    model = small(classes=1)
    parts = {
        "encoder": partial(MLPEncoder, shape=SHAPE, hidden=HIDDEN, activation="softplus"),
        "decoder": partial(MLPDecoder, shape=SHAPE, hidden=HIDDEN, activation="softplus"),
        "posterior": DiagonalGaussian,
    }
    vae = VAE(**parts, latent=Latent(z=Normal(2)), likelihood=Bernoulli(), optimizers=ADAM)
    with torch.no_grad():
        first, (softplus, last) = model.encoder.of_image[0], model.encoder.layers
        vae.encoder.layers[0].weight.copy_(first.weight)
        vae.encoder.layers[0].bias.copy_(first.bias + model.encoder.of_label.weight[:, 0])
        vae.encoder.layers[2].load_state_dict(last[0].state_dict())
        vae.decoder.load_state_dict(
            model.decoder.state_dict()
            | {
                "layers.0.weight": model.decoder.layers[0].weight[:, :2],
                "layers.0.bias": model.decoder.layers[0].bias + model.decoder.layers[0].weight[:, 2],
            }
        )
    assert isinstance(softplus, nn.Softplus)
    images = batch().images
    expected = value(vae.terms(images, vae.recognise(images), seeded(5)))
    found = value(model.terms(images, model.recognise(images), seeded(5)))
    torch.testing.assert_close(found, expected)
    labels = torch.ones(len(images), 1)
    torch.testing.assert_close(value(model.joint.of_class(images, labels, generator=seeded(5))), expected)
    levels = to_levels(images, 2)
    torch.testing.assert_close(model.log_prob(levels, 3, seeded(2)), vae.log_prob(levels, 3, seeded(2)))


def log_evidence(model, images):
    """log p(x) of one-dimensional z by integration on a grid, in float64."""
    z = torch.linspace(-9, 9, 4001, dtype=torch.float64)
    log_prior = -0.5 * z.square() - 0.5 * math.log(2 * math.pi)
    of_class = []
    for label in torch.eye(3, dtype=torch.float64):
        codes = torch.cat([z[:, None], label.expand(len(z), -1)], 1).float()
        with torch.no_grad():
            parameters = model.decoder(codes)
        rows = [model.likelihood.log_prob(x.expand(len(z), -1, -1, -1), parameters).sum((1, 2)) for x in images]
        of_class.append((torch.stack(rows).double() + log_prior).logsumexp(1) + math.log(z[1] - z[0]))
    return torch.stack(of_class) - math.log(3)  # (K, B): log p(x, y)


def test_the_bounds_and_the_likelihood_against_numerical_integration():
    model, images = small(z=1), batch().images
    for p in model.encoder.layers.parameters():
        nn.init.normal_(p, std=0.1)  # q(z|x, y) is near the prior, so that importance weights vary little
    joint = log_evidence(model, images)
    levels = to_levels(images, 2)
    many = [of_all_classes(model, images, seed)[:2] for seed in range(200)]
    unlabelled, labelled = (torch.stack(values).double().mean(0) for values in zip(*many, strict=True))
    assert (unlabelled < joint.logsumexp(0)).all()
    assert (labelled < joint).all()
    estimate = model.log_prob(levels, 5000, seeded())
    torch.testing.assert_close(estimate.double(), joint.logsumexp(0), rtol=0, atol=0.05)


def test_the_loss_is_the_papers_sum_divided_by_the_number_of_images(monkeypatch):
    """Of 4 labelled and 16 unlabelled images: Σ L + Σ U - α N E log q(y|x), over N = 20, with z = the means."""
    monkeypatch.setattr(posteriors, "standard_noise", lambda like, generator=None: torch.zeros_like(like))
    model, labelled, unlabelled = small(share=4 / 20), batch(4), batch(16, seed=1)
    minus_u, _, _ = of_all_classes(model, unlabelled.images, 0)
    minus_l = value(model.joint.of_class(labelled.images, F.one_hot(labelled.labels, 3).float()))
    log_q = model.classifier(labelled.images).log_softmax(1)[range(4), labelled.labels]
    expected = (-minus_l.sum() - minus_u.sum() - 0.5 * 20 * log_q.mean()) / 20
    torch.testing.assert_close(model.semi_supervised_loss(labelled, unlabelled), expected)


def test_each_parameter_has_a_gradient():
    model = small()
    model.semi_supervised_loss(batch(), batch(seed=1)).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name


def test_given_classes_are_drawn_and_codes_hold_the_class():
    model = small()
    labels = torch.tensor([2, 0, 1, 2])
    z = model.latent.sample(4, seeded())
    expected = model.decode(model.latent.join({**model.latent.split(z), "label": F.one_hot(labels, 3).float()}))
    assert torch.equal(model.sample(4, labels, seeded()), expected)
    assert torch.equal(model.sample(4, generator=seeded()), model.decode(z))

    images = batch().images
    code = model.latent.split(model.encode(images))
    assert torch.equal(code["label"].argmax(1), model.classify(images).argmax(1))
    _, posterior = model.recognise(images)
    chosen = posterior.mean[code["label"].argmax(1), torch.arange(6)]
    torch.testing.assert_close(code["z"], chosen)


def test_the_recipe_s_weight_decay_is_the_prior_of_the_weights():
    """The gradient of |w|² / 2 / 50,000 is w / 50,000."""
    config = resolved("model=m2", "data=binarized_mnist_dynamic")
    assert config["model"]["optimizers"]["model"]["weight_decay"] == pytest.approx(1 / 50000)
    assert config["model"]["labelled_share"] == pytest.approx(100 / config["data"]["train_size"])


@pytest.mark.parametrize("changes", [{"labelled_share": 1.5}, {"class_weight": -1.0}])
def test_shares_and_weights_out_of_range_are_refused(changes):
    overrides = [f"model.{key}={value}" for key, value in changes.items()]
    with pytest.raises(GenzooError, match=r"model\.labelled_share=.* model\.class_weight=.*are needed\.$"):
        build_module(resolved("model=m2", *SHAPES, "data.levels=2", "trainer=smoke", *overrides))


def test_other_latent_parts_are_refused():
    with pytest.raises(GenzooError, match=r"model\.latent: a Normal part z and a Categorical part label are needed"):
        M2(None, None, None, Latent(z=Normal(2)), labelled_share=0.1, likelihood=Bernoulli(), optimizers=ADAM)


def test_unknown_activations_are_refused():
    with pytest.raises(GenzooError, match=r"^activation='relu6' is unknown\. Accepted: tanh, softplus\.$"):
        MLPEncoder(SHAPE, outputs=2, hidden=[3], activation="relu6")


def test_labels_are_needed():
    message = r"^data=points has no labels, but the model needs them; choose labelled data\.$"
    with pytest.raises(GenzooError, match=message):
        small().check_data(DataSpec("points", (1, 2, 2), levels=2))
    with pytest.raises(GenzooError, match=r"^model\.latent\.label\.size=3, but data=x has 5 classes; use"):
        small().check_data(DataSpec("x", (1, 2, 2), levels=2, classes=5))
