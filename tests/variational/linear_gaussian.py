"""A variational autoencoder whose likelihood is known: x = W z + b + s ε, with orthogonal columns of W."""

import math

import torch
from torch import nn
from torch.distributions import MultivariateNormal

from genzoo.core.latent import Latent, Normal
from genzoo.variational.posteriors import DiagonalGaussian
from genzoo.variational.vae import VAE

SHAPE, STD = (1, 2, 2), 0.5
WEIGHT = torch.tensor([[0.8, 0.3], [-0.8, 0.3], [0.4, -0.6], [0.4, 0.6]]) * torch.tensor([1.0, 2.0])
WEIGHT = torch.linalg.qr(WEIGHT)[0] * torch.tensor([1.2, 0.7])
BIAS = torch.tensor([0.1, -0.2, 0.3, 0.0])


class GaussianPixels(nn.Module):
    """Gaussian pixels of one standard deviation."""

    levels = 256

    def outputs(self, channels):
        return channels

    def log_prob(self, images, parameters):
        return torch.distributions.Normal(parameters, STD, validate_args=False).log_prob(images).sum(1)

    def mean(self, parameters):
        return parameters


class Encoder(nn.Module):
    """The exact posterior, whose covariance is diagonal here; ``error`` is added to its mean."""

    shape = SHAPE

    def __init__(self, outputs, error=0.0):
        super().__init__()
        precision = (WEIGHT**2).sum(0) / STD**2 + 1
        self.linear = nn.Linear(4, outputs)
        self.linear.weight.data = torch.cat([(WEIGHT / STD**2 / precision).T, torch.zeros(2, 4)])
        self.linear.bias.data = torch.cat([-(BIAS @ WEIGHT) / STD**2 / precision + error, -0.5 * precision.log()])

    def forward(self, images):
        return self.linear(images.flatten(1))


class Decoder(nn.Module):
    shape = SHAPE

    def __init__(self, latent, outputs):
        super().__init__()
        self.linear = nn.Linear(latent, 4)
        self.linear.weight.data, self.linear.bias.data = WEIGHT.clone(), BIAS.clone()

    def forward(self, z):
        return self.linear(z).view(-1, *SHAPE)


def linear_gaussian(error=0.0, **kwargs):
    """The autoencoder; with an error its bound is loose."""
    return VAE(
        encoder=lambda outputs: Encoder(outputs, error),
        decoder=Decoder,
        posterior=DiagonalGaussian,
        latent=Latent(z=Normal(2)),
        likelihood=GaussianPixels(),
        optimizers={"model": torch.optim.Adam},
        **kwargs,
    ).ready()


def log_evidence(images):
    """log p(x) in nats, (B,)."""
    covariance = WEIGHT @ WEIGHT.T + STD**2 * torch.eye(4)
    return MultivariateNormal(BIAS, covariance).log_prob(images.flatten(1))


def divergence(error):
    """KL(q || p(z|x)) of the posterior whose mean is off by ``error`` in both dimensions, in nats."""
    precision = (WEIGHT**2).sum(0) / STD**2 + 1
    return float((0.5 * error**2 * precision).sum())


assert math.isclose(float(WEIGHT[:, 0] @ WEIGHT[:, 1]), 0, abs_tol=1e-6)
