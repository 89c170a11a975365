"""What a user may get wrong in a configuration."""

import math

import pytest
import torch
from omegaconf import OmegaConf

from genzoo.core.capabilities import BoundsLikelihood
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.runs.build import build_module
from genzoo.runs.train import train
from genzoo.variational.networks.resnet import ResNetEncoder
from support.zoo import text_of, where

BINARY = where(
    lambda built: BoundsLikelihood in built.module.capabilities() and built.module.levels == 2, "variational"
)
WITH_A_CHOICE = [name for name in BINARY if "/likelihood: " in text_of(name)]


def refused(config, message):
    with pytest.raises(GenzooError, match=message):
        train(config)


@pytest.mark.parametrize("model", BINARY)
def test_grey_levels_are_no_binary_data_and_models_of_them_are_named(configured, model):
    fitting = (
        r"choose .* \(data=binarized_mnist\), or .* \(model=vae_conv likelihood=logistic, model=resnet_vae_cifar10\)"
    )
    refused(configured(f"model={model}"), rf"^data=shapes has 256 levels per pixel, .* has 2; {fitting}\.$")


def test_binary_data_are_no_grey_levels_and_models_of_them_are_named(configured):
    for overrides in (("model=resnet_vae_cifar10",), ("model=vae", "likelihood=logistic")):
        config = configured(*overrides, "data.levels=2")
        refused(config, r"^data=shapes has 2 levels per pixel, .* has 256; choose .*data=mnist.*model=vae_conv\)\.$")


@pytest.mark.parametrize("model", WITH_A_CHOICE)
def test_the_logistic_likelihood_makes_a_model_of_grey_levels(configured, model):
    config = configured(
        f"model={model}",
        "likelihood=logistic",
        "trainer.rounds=2",
        "metrics=likelihood",
        "metrics.likelihood.n_importance=2",
    )
    found = train(config).metrics
    assert found["test/bits_per_dim"] == pytest.approx(found["test/nll"] / (784 * math.log(2)))

    module = build_module(OmegaConf.to_container(config, resolve=True)).ready()
    with torch.no_grad():
        parameters = module.parameters_of(module.latent.sample(1)).expand(256, -1, -1, -1)
    levels = torch.arange(256, dtype=torch.uint8).view(256, 1, 1, 1).expand(256, 1, 28, 28)
    probabilities = module.likelihood.log_prob(from_levels(levels), parameters).exp()
    assert torch.allclose(probabilities.sum(0), torch.ones(28, 28), atol=1e-5)


def test_a_ladder_that_cannot_halve_the_image_is_refused(configured):
    refused(
        configured("model=iaf_vae_cifar10", "recipe.smoke.levels=3"), r"model.levels=3: .* data.size=28 does not allow"
    )


def test_free_bits_floor_whole_batches_which_no_parts_stand_for(configured):
    refused(configured("model=iaf_vae_cifar10", "trainer.accumulate=2"), r"trainer.accumulate=2: .* its whole batch")
    train(configured("model=resnet_vae", "data.levels=2", "trainer.accumulate=2", "metrics=none"))


def test_a_head_without_a_scale_for_each_channel_is_refused(configured):
    config = configured("model=iaf_vae_cifar10", "data.channels=3", "+model.likelihood.channels=2")
    refused(config, r"model.likelihood.channels=2: the images have 3; give 3, or 1")


def test_fewer_importance_samples_than_one_are_refused(configured):
    config = configured("model=vae", "data.levels=2", "metrics=likelihood", "metrics.likelihood.n_importance=0")
    refused(config, r"metrics.likelihood.n_importance=0: a positive integer")


def test_a_bound_that_is_not_finite_is_named_with_its_layer_round_and_seed(configured, monkeypatch):
    forward = ResNetEncoder.forward
    monkeypatch.setattr(ResNetEncoder, "forward", lambda self, x: forward(self, x) + torch.tensor(float("nan")))
    config = configured("model=iaf_vae", "data.levels=2", "seed=5", "metrics=none")
    refused(config, r"kl/z was not finite in round 0 \(seed 5\)")
