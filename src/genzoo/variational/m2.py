"""M2: a variational autoencoder whose second latent variable is the class, known for a few images."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Classifies, SamplesClasses
from genzoo.core.checks import check_classes, check_labels
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.variational.gaussian import Gaussian, standard, standard_noise
from genzoo.variational.model import Terms, VariationalModel


@register
class M2(VariationalModel):
    """p(x, y, z) = p(x|y, z) p(y) p(z) with a uniform class y of K and standard normal z; q(z, y|x) = q(y|x) q(z|x, y).

    With -L(x, y) the bound of log p(x, y), the bound of log p(x) is -U(x) = Σ_y q(y|x) (-L(x, y)) + H(q(y|x)): all
    classes are enumerated, each with its own draw of z. Training minimises
    r E L(x, y) + (1 - r) E U(x) - α E log q(y|x), where the first and the last mean are over labelled images. This is
    the paper's sum over N images, Σ L + Σ U - α N E log q(y|x), divided by N. The streams of unlabelled images consist
    of all training images.

    Args:
        classifier: factory of q(y|x), called with ``outputs``, the number of classes: images -> logits (B, outputs).
        encoder: factory of q(z|x, y), called with ``classes`` and ``outputs``, as ``MLPClassEncoder``.
        decoder: factory of p(x|y, z), called with ``latent`` and ``outputs``: codes -> parameters (B, outputs, H, W).
        latent: distribution of the codes, a ``Normal`` part ``z`` and a ``Categorical`` part ``label``.
        labelled_share: r, the number of labelled images divided by that of all training images.
        class_weight: α.
        kwargs: of ``VariationalModel``.

    Raises:
        GenzooError: latent parts, shares or weights are others.

    Source: Kingma et al. 2014, arXiv 1406.5298, equations 6 to 9; dpkingma/nips14-ssl, learn_yz_x_ss.py (the weight of
        log q(y|x)).
    """

    def __init__(
        self,
        classifier: Callable[..., nn.Module],
        encoder: Callable[..., nn.Module],
        decoder: Callable[..., nn.Module],
        latent: Latent,
        labelled_share: float,
        class_weight: float = 0.1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        kinds = {name: type(part) for name, part in latent.parts.items()}
        if kinds.keys() != {"z", "label"} or not (
            issubclass(kinds["z"], Normal) and issubclass(kinds["label"], Categorical)
        ):
            raise GenzooError("model.latent: a Normal part z and a Categorical part label are needed, and no others.")
        if not 0 <= labelled_share <= 1 or class_weight < 0:
            raise GenzooError(
                f"model.labelled_share={labelled_share} model.class_weight={class_weight}: a number from 0 to 1 and "
                "a number of at least 0 are needed."
            )
        self.latent, self.labelled_share, self.class_weight = latent, labelled_share, class_weight
        self.label_classes = latent.parts["label"].size
        self.classifier = classifier(outputs=self.label_classes)
        self.encoder = encoder(classes=self.label_classes, outputs=2 * latent.parts["z"].size)
        self.image_shape = tuple(self.encoder.shape)
        self.decoder = decoder(latent=latent.width, outputs=self.likelihood.outputs(self.image_shape[0]))

    def networks(self) -> list[nn.Module]:
        """The classifier, the recognition model and the generative model."""
        return [self.classifier, self.encoder, self.decoder, self.likelihood]

    def turns(self) -> tuple[Turn, ...]:
        """One turn, on a batch of labelled and one of unlabelled images."""
        streams = (Stream("labelled", "labelled"), Stream("unlabelled"))
        return (Turn({"model": self.semi_supervised_loss}, streams),)

    def capabilities(self) -> frozenset[type]:
        """It classifies, too, and draws images of given classes."""
        return super().capabilities() | {Classifies, SamplesClasses}

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, for data with another number of classes, or without labels."""
        super().check_data(data)
        check_classes("model.latent.label.size", self.label_classes, data)

    def semi_supervised_loss(self, labelled: ImageBatch, unlabelled: ImageBatch) -> Tensor:
        """r E L(x, y) + (1 - r) E U(x) - α E log q(y|x), with free bits as floor of each layer's KL in U."""
        bound = self.of_class(labelled.images, self.one_hot(labelled.labels)).bound()
        labelled_bound = (bound.log_likelihood - sum(bound.kl.values())).mean()
        misses = F.cross_entropy(at_least_float32(self.classifier(labelled.images)), labelled.labels)
        self.meters.log("labelled_negative_elbo", -labelled_bound)
        self.meters.log("class_loss", misses)
        of_all = self.loss(unlabelled)
        return (1 - self.labelled_share) * of_all - self.labelled_share * labelled_bound + self.class_weight * misses

    def one_hot(self, labels: Tensor) -> Tensor:
        """One-hot vectors, float (B, K), of labels (B,)."""
        return F.one_hot(labels, self.label_classes).float()

    def each_class(self, images: Tensor) -> Tensor:
        """The one-hot vectors of each class for each image, (K, B, K)."""
        labels = torch.eye(self.label_classes, device=images.device)
        return labels[:, None].expand(-1, len(images), -1)

    def posterior_of(self, images: Tensor, labels: Tensor) -> Gaussian:
        """q(z|x, y) of images (B, C, H, W) and one-hot labels (..., B, K): (..., B, z)."""
        return Gaussian(*at_least_float32(self.encoder(images, labels)).chunk(2, -1))

    def recognise(self, images: Tensor) -> tuple[Tensor, Gaussian]:
        """Returns log q(y|x), (K, B), and q(z|x, y) of each class, (K, B, z)."""
        log_q = at_least_float32(self.classifier(images)).log_softmax(1).T
        return log_q, self.posterior_of(images, self.each_class(images))

    def of_class(
        self,
        images: Tensor,
        labels: Tensor,
        posterior: Gaussian | None = None,
        generator: Generator | None = None,
    ) -> Terms:
        """The terms of -L(x, y), whose part ``y`` is -log p(y).

        Args:
            images: (B, C, H, W).
            labels: one-hot, (..., B, K); the terms have their leading dimensions.
            posterior: q(z|x, y), (..., B, z); None = it is computed.
            generator: of the draw of z.
        """
        q = posterior or self.posterior_of(images, labels)
        noise = standard_noise(q.mean, generator)
        z, prior = q.at(noise), standard(q.mean)
        codes = self.latent.join({"z": z, "label": labels.to(z.dtype)})
        repeated = images.expand(*labels.shape[:-2], *images.shape).reshape(-1, *images.shape[1:])
        pixels = self.likelihood.log_prob(repeated, self.decoder(codes.reshape(-1, codes.shape[-1])))
        log_p_y = torch.full_like(z[..., :1], math.log(self.label_classes))
        log_ratio = (q.log_prob_of_noise(noise) - prior.log_prob(z)).sum(-1) + log_p_y[..., 0]
        return Terms(pixels.sum((1, 2)).view(labels.shape[:-1]), {"y": log_p_y, "z": q.kl(prior)}, log_ratio)

    def terms(self, images: Tensor, recognised: tuple[Tensor, Gaussian], generator: Generator | None = None) -> Terms:
        """The terms of -U(x), of one draw of z per class.

        ``y`` is KL(q(y|x) || p(y)) = log K - H(q(y|x)). The log-ratio is such that the importance weight is
        Σ_y p(x|y, z_y) p(y) p(z_y) / q(z_y|x, y), the sum over all classes instead of a draw of one.
        """
        log_q, posterior = recognised
        given, q = self.of_class(images, self.each_class(images), posterior, generator), log_q.exp()
        log_likelihood = (q * given.log_likelihood).sum(0)
        of_label = (q * (log_q + math.log(self.label_classes))).sum(0)
        kl = {"y": of_label[:, None], "z": (q[..., None] * given.kl["z"]).sum(0)}
        log_weight = (given.log_likelihood - given.log_ratio).logsumexp(0)
        return Terms(log_likelihood, kl, log_likelihood - log_weight)

    def parameters_of(self, z: Tensor) -> Tensor:
        """The decoder's output."""
        return self.decoder(z)

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """The logits (B, K) of q(y|x) for images (B, C, H, W) in [-1, 1]."""
        return at_least_float32(self.classifier(images))

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """Returns the code (B, latent.width) of the most probable class and the mean of z given that class."""
        labels = self.one_hot(self.classify(images).argmax(1))
        return self.latent.join({"z": self.posterior_of(images, labels).mean, "label": labels})

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """Draws n images (n, C, H, W) in [-1, 1] of the given classes (n,), or of random ones: the means of p(x|y, z).

        Raises:
            GenzooError: labels are not n integers of the model's classes.
        """
        z = self.latent.sample(n, generator, self.device)
        known = check_labels(labels, n, self.label_classes, self.device)
        if known is not None:
            z = self.latent.join({**self.latent.split(z), "label": self.one_hot(known)})
        return self.decode(z)
