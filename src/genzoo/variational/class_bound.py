"""The bounds of M2: observations with a class, which may be unknown, and a normal code."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.core.precision import at_least_float32
from genzoo.variational.gaussian import Gaussian, standard
from genzoo.variational.model import Terms
from genzoo.variational.posteriors import draw_gaussian


def check_class_latent(latent: Latent) -> None:
    """Checks that codes have a normal part ``z`` and a categorical part ``label``.

    Raises:
        GenzooError: they have others.
    """
    kinds = {name: type(part) for name, part in latent.parts.items()}
    if kinds.keys() != {"z", "label"} or not (
        issubclass(kinds["z"], Normal) and issubclass(kinds["label"], Categorical)
    ):
        raise GenzooError("model.latent: a Normal part z and a Categorical part label are needed, and no others.")


class ClassBound(NamedTuple):
    """p(x, y, z) = p(x|y, z) p(y) p(z) with a uniform class y of K and standard normal z; q(z, y|x) = q(y|x) q(z|x, y).

    With -L(x, y) the bound of log p(x, y), the bound of log p(x) is -U(x) = Σ_y q(y|x) (-L(x, y)) + H(q(y|x)): all
    classes are enumerated, each with its own draw of z. Observations x, (B, ...), are images or vectors.

    Args:
        latent: distribution of the codes, with the parts ``z`` and ``label``.
        classifier: q(y|x): x -> logits (B, K).
        encoder: q(z|x, y): x and one-hot classes (..., B, K) -> means and log standard deviations (..., B, 2 z).
        decoder: p(x|y, z): codes (B, latent.width) -> parameters.
        log_prob: x and parameters -> log p(x|y, z) in nats, (B,).

    Source: Kingma et al. 2014, arXiv 1406.5298, equations 6 and 7.
    """

    latent: Latent
    classifier: nn.Module
    encoder: nn.Module
    decoder: nn.Module
    log_prob: Callable[[Tensor, Tensor], Tensor]

    @property
    def classes(self) -> int:
        """K."""
        return self.latent.parts["label"].size

    def one_hot(self, labels: Tensor) -> Tensor:
        """One-hot vectors, float (B, K), of labels (B,)."""
        return F.one_hot(labels, self.classes).float()

    def each_class(self, x: Tensor) -> Tensor:
        """The one-hot vectors of each class for each observation, (K, B, K)."""
        labels = torch.eye(self.classes, device=x.device)
        return labels[:, None].expand(-1, len(x), -1)

    def logits(self, x: Tensor) -> Tensor:
        """The logits of q(y|x), (B, K)."""
        return at_least_float32(self.classifier(x))

    def posterior_of(self, x: Tensor, labels: Tensor) -> Gaussian:
        """q(z|x, y), (..., B, z), of one-hot labels (..., B, K)."""
        return Gaussian(*at_least_float32(self.encoder(x, labels)).chunk(2, -1))

    def recognise(self, x: Tensor) -> tuple[Tensor, Gaussian]:
        """Returns log q(y|x), (K, B), and q(z|x, y) of each class, (K, B, z)."""
        return self.logits(x).log_softmax(1).T, self.posterior_of(x, self.each_class(x))

    def of_class(
        self, x: Tensor, labels: Tensor, posterior: Gaussian | None = None, generator: Generator | None = None
    ) -> Terms:
        """The terms of -L(x, y), whose part ``y`` is -log p(y).

        Args:
            x: (B, ...).
            labels: one-hot, (..., B, K); the terms have their leading dimensions.
            posterior: q(z|x, y), (..., B, z); None = it is computed.
            generator: of the draw of z.
        """
        q = posterior or self.posterior_of(x, labels)
        drawn = draw_gaussian(q, generator)
        kl, log_ratio = drawn.against(standard(drawn.z))
        codes = self.latent.join({"z": drawn.z, "label": labels.to(drawn.z.dtype)})
        repeated = x.expand(*labels.shape[:-2], *x.shape).reshape(-1, *x.shape[1:])
        log_likelihood = self.log_prob(repeated, self.decoder(codes.reshape(-1, codes.shape[-1])))
        of_label = torch.full_like(kl[..., :1], math.log(self.classes))
        log_ratio = log_ratio.sum(-1) + of_label[..., 0]
        return Terms(log_likelihood.view(labels.shape[:-1]), {"y": of_label, "z": kl}, log_ratio)

    def of_all_classes(
        self, x: Tensor, recognised: tuple[Tensor, Gaussian], generator: Generator | None = None
    ) -> Terms:
        """The terms of -U(x), of one draw of z per class.

        ``y`` is KL(q(y|x) || p(y)) = log K - H(q(y|x)). The log-ratio is such that the importance weight is
        Σ_y p(x|y, z_y) p(y) p(z_y) / q(z_y|x, y), the sum over all classes instead of a draw of one.

        Args:
            x: (B, ...).
            recognised: log q(y|x) and q(z|x, y), the result of ``recognise``.
            generator: of the draws of z.
        """
        log_q, posterior = recognised
        given, q = self.of_class(x, self.each_class(x), posterior, generator), log_q.exp()
        log_likelihood = (q * given.log_likelihood).sum(0)
        of_label = (q * (log_q + math.log(self.classes))).sum(0)
        kl = {"y": of_label[:, None], "z": (q[..., None] * given.kl["z"]).sum(0)}
        log_weight = (given.log_likelihood - given.log_ratio).logsumexp(0)
        return Terms(log_likelihood, kl, log_likelihood - log_weight)

    def code(self, x: Tensor) -> Tensor:
        """The code (B, latent.width) of the most probable class and the mean of z given that class."""
        labels = self.one_hot(self.logits(x).argmax(1))
        return self.latent.join({"z": self.posterior_of(x, labels).mean, "label": labels})
