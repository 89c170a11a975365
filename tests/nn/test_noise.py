"""Noise on activations."""

import torch

from genzoo.nn.noise import GaussianNoise


def test_noise_has_its_standard_deviation_and_is_gone_in_evaluation():
    torch.manual_seed(0)
    noise, x = GaussianNoise(0.3), torch.full((100_000,), 5.0)
    torch.testing.assert_close(noise(x).mean(), torch.tensor(5.0), atol=5e-3, rtol=0)
    torch.testing.assert_close(noise(x).std(), torch.tensor(0.3), atol=5e-3, rtol=0)
    assert not torch.equal(noise(x), noise(x))
    assert torch.equal(noise.eval()(x), x)
