"""CatGAN: a discriminator of categories alone, and a game over the entropies of its predictions."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from genzoo.adversarial.improved_gan import SemiSupervisedGAN
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import InfersCodes
from genzoo.core.entropy import entropy, log_mean
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.latent import Categorical
from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import check_scope, gather_over_ranks
from genzoo.core.registry import register


def conditional_entropy(logits: Tensor) -> Tensor:
    """E H[p(y|x)], the mean entropy of the predictions, a scalar in nats between 0 and log K.

    Args:
        logits: of the categories, (B, K).

    Example:
        >>> import torch
        >>> conditional_entropy(torch.tensor([[0.0, 0.0], [0.0, 1000.0]]))  # (log 2 + 0) / 2
        tensor(0.3466)
    """
    return entropy(logits.log_softmax(1)).mean()


def marginal_entropy(logits: Tensor, scope: str = "global") -> Tensor:
    """H[E p(y|x)], the entropy of the mean prediction, a scalar in nats between 0 and log K.

    Args:
        logits: of the categories, (B, K).
        scope: the mean is over the batches of all ranks (``"global"``), or over this ``"rank"``'s alone.

    Example:
        >>> import torch
        >>> marginal_entropy(torch.tensor([[1000.0, 0.0], [0.0, 1000.0]]))  # log 2
        tensor(0.6931)
    """
    log_p = logits.log_softmax(1)
    if scope == "global":
        log_p = gather_over_ranks(log_p)
    return entropy(log_mean(log_p))


@register
class CatGAN(SemiSupervisedGAN):
    """The discriminator assigns images to K categories; there is no category of generated images.

    With H_X = H[E_x p(y|x)] and H_G = H[E_z p(y|G(z))], the discriminator minimises
    -H_X + E_x H[p(y|x)] - E_z H[p(y|G(z))] plus the cross-entropy of labelled images: it is certain of each real image,
    uncertain of each generated one, and uses all categories equally. The generator minimises
    -H_G + E_z H[p(y|G(z))]. Without labels the categories are clusters, which it infers as the code ``category``.

    Args:
        scope: H_X and H_G are over the batches of all ranks (``"global"``), or of each ``"rank"``.
        kwargs: of ``SemiSupervisedGAN``, without ``real``. A round's labelled, unlabelled and generated images go
            through the discriminator in separate passes, with separate batch statistics.

    Raises:
        GenzooError: an unknown scope, or ``real`` is given.

    Source: Springenberg 2016, arXiv 1511.06390, equations 7 to 9 (the objectives) and 11 (with labels).
    """

    def __init__(self, scope: str = "global", **kwargs: Any):
        super().__init__(**kwargs)
        check_scope(scope)
        if "real" in kwargs:
            raise GenzooError("model.real: these losses have no label of real images to smooth; remove model.real.")
        self.scope = scope
        self.inferred = {"category": Categorical(self.discriminator.classes)}

    def capabilities(self) -> frozenset[type]:
        """Without labels it infers codes."""
        return super().capabilities() | (set() if self.labelled_weight else {InfersCodes})

    def adversarial_loss(self, real: Tensor, generated: Tensor) -> Tensor:
        """-H_X + E_x H[p(y|x)] - E_z H[p(y|G(z))], given the logits (B, K) of real and of generated images."""
        marginal, certain = marginal_entropy(real, self.scope), conditional_entropy(real)
        uncertain = conditional_entropy(generated)
        names = ("entropy/real_marginal", "entropy/real_conditional", "entropy/generated_conditional")
        for name, value in zip(names, (marginal, certain, uncertain), strict=True):
            self.meters.log(name, value)
        return -marginal + certain - uncertain

    def generator_loss(self, unlabelled: ImageBatch) -> Tensor:
        """-H_G + E_z H[p(y|G(z))] of as many generated images as unlabelled ones."""
        _, fake = self.make(unlabelled)
        (logits,) = self.discriminate(fake)
        marginal = marginal_entropy(logits, self.scope)
        self.meters.log("entropy/generated_marginal", marginal)
        return -marginal + conditional_entropy(logits)

    def discriminate(self, *batches: Tensor) -> tuple[Tensor, ...]:
        """The logits (B, K) of each batch of images, each in a pass of its own."""
        return tuple(at_least_float32(self.discriminator(images)) for images in batches)

    @in_inference
    def infer_codes(self, images: Tensor) -> Mapping[str, Tensor]:
        """The probabilities of the categories: ``category`` -> (B, K)."""
        return {"category": at_least_float32(self.discriminator(images)).softmax(1)}
