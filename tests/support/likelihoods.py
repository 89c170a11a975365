"""Models whose likelihood is known in closed form, and images for them."""

import math

import torch
from torch.distributions import Bernoulli, MultivariateNormal, Normal

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Bound, BoundsLikelihood, Decodes, Encodes, ScoresLikelihood
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.core.latent import Latent
from genzoo.core.latent import Normal as NormalPart
from genzoo.data.module import ImageData

SIZE = 3
SHAPE = (1, SIZE, SIZE)


def levels(n, seed=0, values=2):
    """Levels drawn uniformly."""
    return torch.randint(values, (n, *SHAPE), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)


class Images(ImageData):
    """Levels of 3 x 3 pixels: of each split those given, or so many drawn uniformly."""

    def __init__(self, test=60, values=2, name="images", **splits):
        self.name = name
        super().__init__(size=SIZE, channels=1, levels=values)
        splits = {"train": 1, "validation": 7, "test": test} | splits
        self.given = {
            split: levels(given, seed, values) if isinstance(given, int) else given
            for seed, (split, given) in enumerate(splits.items())
        }

    def load(self):
        return {split: ImageSet(x, torch.full((len(x),), -1)) for split, x in self.given.items()}


class Pixels(Inference):
    """Independent binary pixels: an exact likelihood, that takes no draw."""

    device = torch.device("cpu")
    image_shape = SHAPE
    levels = 2

    def __init__(self):
        super().__init__()
        self.p = torch.linspace(0.1, 0.9, SIZE * SIZE).view(SHAPE)

    def capabilities(self):
        return frozenset({ScoresLikelihood})

    def log_prob(self, levels, n_importance=1, generator=None):
        return Bernoulli(self.p).log_prob(levels.float()).sum((1, 2, 3))


class Linear(Inference):
    """x = W z + noise with two independent layers of z ~ N(0, 1), two dimensions each.

    Its posterior is N(mean + off, std²) in each dimension, mean and std those of the true one's marginals.
    Of z its ``idle`` dimension, if one is given, has no part in x.
    """

    device = torch.device("cpu")
    image_shape = SHAPE
    noise = 0.7

    def __init__(self, off=0.0, idle=None):
        super().__init__()
        self.w = torch.randn(SIZE * SIZE, 4, generator=torch.Generator().manual_seed(9)) / 2
        if idle is not None:
            self.w[:, idle] = 0
        self.off = off
        self.latent = Latent(top=NormalPart(2), bottom=NormalPart(2))
        precision = torch.eye(4) + self.w.T @ self.w / self.noise**2
        self.covariance = precision.inverse()

    def capabilities(self):
        return frozenset({ScoresLikelihood, BoundsLikelihood, Encodes, Decodes})

    def encode(self, images):
        return images.flatten(1) @ self.w @ self.covariance / self.noise**2 + self.off

    def decode(self, z):
        return (z @ self.w.T).view(-1, *SHAPE)

    def q(self, x):
        return Normal(self.encode(x), self.covariance.diagonal().sqrt())

    def log_likelihood(self, x, z):
        return Normal(self.decode(z), self.noise).log_prob(x).sum((1, 2, 3))

    def draw(self, x, n, generator):
        """n draws of the posterior, (n, B, 4)."""
        q = self.q(x)
        return q, q.mean + q.stddev * torch.randn(n, *q.mean.shape, generator=generator)

    def bound(self, levels, generator=None):
        x = from_levels(levels, 2)
        q, (z,) = self.draw(x, 1, generator)
        kl = torch.distributions.kl_divergence(q, Normal(0.0, 1.0)).split(2, 1)
        return Bound(self.log_likelihood(x, z), dict(zip(self.latent.parts, (k.sum(1) for k in kl), strict=True)))

    def log_prob(self, levels, n_importance=1, generator=None):
        x = from_levels(levels, 2)
        q, z = self.draw(x, n_importance, generator)
        log_likelihood = self.log_likelihood(x.repeat(n_importance, 1, 1, 1), z.flatten(0, 1)).view(z.shape[:2])
        weights = log_likelihood + (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(2)
        return weights.logsumexp(0) - math.log(n_importance)

    def exact(self, levels):
        """log p(x) = log N(x; 0, W Wᵀ + noise²)."""
        covariance = self.w @ self.w.T + self.noise**2 * torch.eye(SIZE * SIZE)
        return MultivariateNormal(torch.zeros(SIZE * SIZE), covariance).log_prob(from_levels(levels, 2).flatten(1))

    def expected_bound(self, levels):
        """E_q log p(x|z) and each layer's KL, in closed form."""
        x = from_levels(levels, 2)
        q = self.q(x)
        spread = (self.w.square() @ q.variance.T).sum(0) / (2 * self.noise**2)
        log_likelihood = self.log_likelihood(x, q.mean) - spread
        kl = 0.5 * (q.variance + q.mean.square() - 1) - q.stddev.log()
        return log_likelihood, dict(zip(self.latent.parts, (k.sum(1) for k in kl.split(2, 1)), strict=True))
