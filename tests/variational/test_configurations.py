"""What a user may get wrong in a configuration."""

import pytest
import torch

from genzoo import tasks
from genzoo.core.errors import GenzooError
from genzoo.variational.networks.resnet import ResNetEncoder


def refused(config, message):
    with pytest.raises(GenzooError, match=message):
        tasks.train(config)


def test_grey_levels_are_no_binary_data(configured):
    refused(configured("model=vae"), r"data=shapes has 256 levels a pixel, but the model needs 2; choose binary data")


def test_a_ladder_that_cannot_halve_the_image_is_refused(configured):
    refused(configured("model=iaf_vae_cifar10", "recipe.smoke.levels=3"), r"model.levels=3: .* data.size=28 cannot be")


def test_free_bits_floor_whole_batches_which_no_parts_stand_for(configured):
    refused(configured("model=iaf_vae_cifar10", "trainer.accumulate=2"), r"trainer.accumulate=2: .* its whole batch")
    tasks.train(configured("model=resnet_vae", "data.levels=2", "trainer.accumulate=2", "metrics=none"))


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
