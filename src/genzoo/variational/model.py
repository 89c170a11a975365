"""Base of the variational models: the evidence lower bound, for training and evaluation."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor, nn

from genzoo.core.averages import Average
from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Bound, BoundsLikelihood, Decodes, Encodes, Samples, ScoresLikelihood
from genzoo.core.checks import check_labels, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.images import from_levels
from genzoo.core.inference import in_inference
from genzoo.core.latent import Latent
from genzoo.core.rounds import Optimizers, Schedules, Turn
from genzoo.nn.data_dependent import initialise_from_data
from genzoo.nn.likelihoods import Likelihood
from genzoo.variational.free_bits import FreeBits


class Terms(NamedTuple):
    """The terms of the bound for a draw of the latent variables from the posterior q(z|x), in nats.

    Args:
        log_likelihood: log p(x|z), (B,).
        kl: layer -> KL(q || p) of each unit or feature map, (B, units), in closed form, or log q - log p of the draw.
        log_ratio: log q(z|x) - log p(z) of the draw, (B,).
    """

    log_likelihood: Tensor
    kl: Mapping[str, Tensor]
    log_ratio: Tensor

    def bound(self) -> Bound:
        """The evidence lower bound: log p(x|z) - Σ KL."""
        return Bound(self.log_likelihood, {layer: kl.sum(-1) for layer, kl in self.kl.items()})


class VariationalModel(ImageModule):
    """Base of the variational models: one player, the whole model, that maximises the evidence lower bound.

    Subclasses implement ``networks``, ``recognise``, ``terms`` and ``decode``, and set ``latent`` and ``image_shape``.

    Args:
        likelihood: p(x|z), whose parameters are the decoder's output.
        optimizers: optimizer of the player ``model``.
        free_bits: floor of each layer's KL in the training objective; logged and evaluated bounds do not include it.
        kl_weight: number of completed rounds -> weight of the KL in the training objective; None = 1. Logged and
            evaluated bounds do not include it.
        schedules, averages: see ``RoundModule``.
        initial_images: number of training images for layers with a data-dependent initialisation.
        sampling_batch: number of codes decoded per pass.
    """

    latent: Latent

    def __init__(
        self,
        likelihood: Likelihood,
        optimizers: Optimizers,
        free_bits: FreeBits | None = None,
        kl_weight: Callable[[int], float] | None = None,
        schedules: Schedules | None = None,
        averages: Mapping[str, Average] | None = None,
        initial_images: int = 100,
        sampling_batch: int = 100,
    ):
        super().__init__(optimizers, schedules, averages)
        self.likelihood, self.free_bits, self.kl_weight = likelihood, free_bits or FreeBits(0.0), kl_weight
        self.accumulates = not self.free_bits.nats  # the floor applies to the mean over the whole batch
        self.levels = likelihood.levels
        self.initial_images, self.sampling_batch = initial_images, sampling_batch

    def networks(self) -> list[nn.Module]:
        """The networks that are trained."""
        raise NotImplementedError

    def recognise(self, images: Tensor) -> Any:
        """Returns the part of the recognition model that depends only on images (B, C, H, W), and not on draws."""
        raise NotImplementedError

    def terms(self, images: Tensor, recognised: Any, generator: Generator | None = None) -> Terms:
        """Draws the latent variables once."""
        raise NotImplementedError

    def players(self) -> dict[str, list[nn.Module]]:
        """The whole model."""
        return {"model": self.networks()}

    def turns(self) -> tuple[Turn, ...]:
        """One turn per round."""
        return (Turn({"model": self.loss}, (Stream("real"),)),)

    def capabilities(self) -> frozenset[type]:
        """The capabilities of a model with latent variables and a bound."""
        return frozenset({Samples, Decodes, Encodes, ScoresLikelihood, BoundsLikelihood})

    def check_data(self, data: DataSpec) -> None:
        """Refuses data with other levels than the likelihood's; the message names fitting data and models."""
        if isinstance(data, DataSpec):
            self.check_kind(data)
        if isinstance(data, DataSpec) and data.levels != self.levels:
            fitting = {
                2: "binary data (data=binarized_mnist), or a model of 256 levels (model=vae_conv likelihood=logistic, "
                "model=resnet_vae_cifar10)",
                256: "data of 256 levels (data=mnist, data=cifar10), or a model of binary data (model=vae_conv)",
            }
            raise GenzooError(
                f"data={data.name} has {data.levels or 'no'} levels per pixel, but model.likelihood has {self.levels}; "
                f"choose {fitting.get(self.levels, f'data of {self.levels} levels')}."
            )
        super().check_data(data)

    def initialise(self, images: Tensor) -> None:
        """Runs the data-dependent initialisation of layers, on the first images."""
        initialise_from_data(self, lambda: images[: self.initial_images])

    def forward(self, images: Tensor) -> Terms:
        """Returns the terms of one draw per image (B, C, H, W)."""
        return self.terms(images, self.recognise(images))

    def loss(self, real: ImageBatch) -> Tensor:
        """Returns the training objective of images, see ``objective``."""
        return self.objective(self(real.images))

    def objective(self, terms: Terms, prefix: str = "") -> Tensor:
        """Returns minus the bound, mean over the batch, with the KL weighted and free bits as floor of each layer's.

        Args:
            terms: of one draw per image.
            prefix: of the names under which the bound and its terms are logged.
        """
        bound, rounds = terms.bound(), self.progress.rounds
        for layer, kl in bound.kl.items():  # in the order of drawing, so that the first non-finite one is named
            self.meters.log(f"{prefix}kl/{layer}", kl.mean(), rounds)
        self.meters.log(f"{prefix}log_likelihood", bound.log_likelihood.mean(), rounds)
        self.meters.log(f"{prefix}negative_elbo", (sum(bound.kl.values()) - bound.log_likelihood).mean())
        weight = 1.0 if self.kl_weight is None else self.kl_weight(rounds)
        return weight * sum(map(self.free_bits, terms.kl.values())) - terms.log_likelihood.mean()

    @in_inference
    def bound(self, levels: Tensor, generator: Generator | None = None) -> Bound:
        """Returns the evidence lower bound of levels, uint8 (B, C, H, W), without free bits."""
        images = from_levels(levels, self.levels)
        return self.terms(images, self.recognise(images), generator).bound()

    @in_inference
    def log_prob(self, levels: Tensor, n_importance: int = 1, generator: Generator | None = None) -> Tensor:
        """Returns log 1/k Σ p(x, z_k) / q(z_k|x) in nats (B,) of levels, uint8 (B, C, H, W), k = ``n_importance``.

        Draws are processed one at a time, so memory does not grow with k. The sum is computed in float64.

        Raises:
            GenzooError: k is less than 1.

        Source: Burda et al. 2015, arXiv 1509.00519, equation 8; openai/iaf, tf_utils/distributions.py.
        """
        check_positive("n_importance", n_importance)
        images = from_levels(levels, self.levels)
        recognised, total = self.recognise(images), torch.full((len(images),), -math.inf, dtype=torch.float64)
        total = total.to(images.device)
        for _ in range(n_importance):
            terms = self.terms(images, recognised, generator)
            total = torch.logaddexp(total, (terms.log_likelihood - terms.log_ratio).double())
        return (total - math.log(n_importance)).float()

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """Draws n images (n, C, H, W) in [-1, 1]: the means of p(x|z) for z from the prior.

        Raises:
            GenzooError: labels are given.
        """
        check_labels(labels, n, 0, self.device)
        return self.decode(self.latent.sample(n, generator, self.device))

    @in_inference
    def decode(self, z: Tensor) -> Tensor:
        """Returns the means of p(x|z), (B, C, H, W) in [-1, 1], for codes (B, latent.width)."""
        return torch.cat([self.likelihood.mean(self.parameters_of(codes)) for codes in z.split(self.sampling_batch)])

    def parameters_of(self, z: Tensor) -> Tensor:
        """Returns the parameters of p(x|z) for codes (B, latent.width)."""
        raise NotImplementedError
