"""The base class of games whose generator is the decoder of a variational autoencoder."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from genzoo.adversarial.game import Game
from genzoo.adversarial.rounds import Shared
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Encodes, Features
from genzoo.core.latent import Latent
from genzoo.core.rounds import Turn
from genzoo.variational.gaussian import Gaussian, check_standard_normal, standard, standard_noise


class Drawn(NamedTuple):
    """What the players of a turn share.

    Args:
        posterior: q(z|x) of the real images, (B, width), with gradients of the network that infers it.
        codes: codes (B, latent.width) drawn from it, with the same gradients.
        reconstructed: images (B, C, H, W) of these codes, with gradients of the generator alone.
        generated: images (B, C, H, W) of codes from the prior, with gradients of the generator.
    """

    posterior: Gaussian
    codes: Tensor
    reconstructed: Tensor
    generated: Tensor


class VariationalGame(Game):
    """A game whose generator also decodes codes of real images, drawn from a Gaussian q(z|x).

    The players of a turn move at once, from gradients at the same parameters, and share the draws and their images: the
    losses have the arguments ``real`` and ``made``, a ``Drawn``. Subclasses implement ``posterior`` and ``encode``.

    Args:
        kwargs: of ``Game``, without ``round``.

    Raises:
        GenzooError: the prior of the inferred part of the code is not standard normal.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(round=Shared(at_once=True), **kwargs)
        self.weights: dict[str, float] = {}  # term of a loss -> its weight; 1 for others
        self.encoded = self.encoded_parts()
        check_standard_normal(self.encoded)

    def encoded_parts(self) -> Latent:
        """The parts of the code that are inferred."""
        return self.latent

    def turns(self) -> tuple[Turn, ...]:
        """One turn of all players."""
        losses = {player: self.loss_of(player) for player in self.players()}
        return self.round.turns(losses, self.real_stream(), self.make)

    def capabilities(self) -> frozenset[type]:
        """It encodes and has features, too."""
        return super().capabilities() | {Encodes, Features}

    def posterior(self, real: ImageBatch) -> Gaussian:
        """q(z|x) of real images, (B, encoded.width)."""
        raise NotImplementedError

    def code_of(self, z: Tensor, labels: Tensor) -> Tensor:
        """Codes (B, latent.width) of the inferred parts z (B, encoded.width) of images of classes (B,)."""
        return z

    def make(self, real: ImageBatch) -> Drawn:
        """A draw from q(z|x) for each real image and one from the prior, decoded."""
        posterior = self.posterior(real)
        codes = self.code_of(posterior.at(standard_noise(posterior.mean)), real.labels)
        return Drawn(posterior, codes, self.generator(codes.detach()), self.generator(self.codes(real)))

    def weighted(self, **terms: Tensor) -> Tensor:
        """The sum of the terms of a loss by their weights; each term is recorded by its name."""
        for name, term in terms.items():
            self.meters.log(f"term/{name}", term)
        return torch.stack([self.weights.get(name, 1.0) * term for name, term in terms.items()]).sum()

    def divergence(self, posterior: Gaussian) -> Tensor:
        """KL(q(z|x) || p(z)) in nats of each number of the code, (B, encoded.width)."""
        return posterior.kl(standard(posterior.mean))
