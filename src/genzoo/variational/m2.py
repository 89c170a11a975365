"""M2: a variational autoencoder whose second latent variable is the class, known for a few images."""

from collections.abc import Callable
from typing import Any

from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Classifies, SamplesClasses
from genzoo.core.checks import check_classes, check_labels
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.latent import Latent
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.variational.class_bound import ClassBound, check_class_latent
from genzoo.variational.gaussian import Gaussian
from genzoo.variational.model import Terms, VariationalModel


@register
class M2(VariationalModel):
    """The model of ``ClassBound`` with observations x, which are the images.

    Training minimises r E L(x, y) + (1 - r) E U(x) - α E log q(y|x), where the first and the last mean are over
    labelled images. This is the paper's sum over N images, Σ L + Σ U - α N E log q(y|x), divided by N. The streams of
    unlabelled images consist of all training images.

    Args:
        classifier: factory of q(y|x), called with ``outputs``, the number of classes: x -> logits (B, outputs).
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
        check_class_latent(latent)
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
        self.decoder = decoder(latent=latent.width, outputs=self.decoder_outputs())

    def decoder_outputs(self) -> int:
        """The number of parameters of p(x|y, z) per pixel."""
        return self.likelihood.outputs(self.image_shape[0])

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

    @property
    def joint(self) -> ClassBound:
        """The bounds of log p(x, y) and log p(x), by the current networks."""
        return ClassBound(self.latent, self.classifier, self.encoder, self.decoder, self.log_prob_of)

    def log_prob_of(self, x: Tensor, parameters: Tensor) -> Tensor:
        """Returns log p(x|y, z) in nats (B,) of observations (B, ...) and the decoder's output."""
        return self.likelihood.log_prob(x, parameters).sum((1, 2))

    def observed(self, images: Tensor) -> Tensor:
        """The observations x of images (B, C, H, W), without noise: the images."""
        return images

    def semi_supervised_loss(self, labelled: ImageBatch, unlabelled: ImageBatch) -> Tensor:
        """r E L(x, y) + (1 - r) E U(x) - α E log q(y|x) of batches of observations x, with free bits in U."""
        joint = self.joint
        bound = joint.of_class(labelled.images, joint.one_hot(labelled.labels)).bound()
        labelled_bound = (bound.log_likelihood - sum(bound.kl.values())).mean()
        misses = F.cross_entropy(joint.logits(labelled.images), labelled.labels)
        self.meters.log("labelled_negative_elbo", -labelled_bound)
        self.meters.log("class_loss", misses)
        of_all = self.objective(joint.of_all_classes(unlabelled.images, joint.recognise(unlabelled.images)))
        return (1 - self.labelled_share) * of_all - self.labelled_share * labelled_bound + self.class_weight * misses

    def recognise(self, images: Tensor) -> tuple[Tensor, Gaussian]:
        """Returns log q(y|x), (K, B), and q(z|x, y) of each class, (K, B, z)."""
        return self.joint.recognise(images)

    def terms(self, images: Tensor, recognised: tuple[Tensor, Gaussian], generator: Generator | None = None) -> Terms:
        """The terms of -U(x), of one draw of z per class."""
        return self.joint.of_all_classes(images, recognised, generator)

    def parameters_of(self, z: Tensor) -> Tensor:
        """The decoder's output."""
        return self.decoder(z)

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """The logits (B, K) of q(y|x) for images (B, C, H, W) in [-1, 1]."""
        return self.joint.logits(self.observed(images))

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """Returns the code (B, latent.width) of the most probable class and the mean of z given that class."""
        return self.joint.code(self.observed(images))

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """Draws n images (n, C, H, W) in [-1, 1] of the given classes (n,), or of random ones: the means of p(x|y, z).

        Raises:
            GenzooError: labels are not n integers of the model's classes.
        """
        z = self.latent.sample(n, generator, self.device)
        known = check_labels(labels, n, self.label_classes, self.device)
        if known is not None:
            z = self.latent.join({**self.latent.split(z), "label": self.joint.one_hot(known)})
        return self.decode(z)
