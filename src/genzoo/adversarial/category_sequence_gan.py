"""CS-GAN: SeqGAN of sentences of given classes, with a classifier of the sentences."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.sentences import check_sentences
from genzoo.adversarial.sequence_gan import SequenceGAN
from genzoo.core.class_sequences import ClassSequenceModule
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.registry import register


@register
class CategorySequenceGAN(ClassSequenceModule, SequenceGAN):
    """SeqGAN whose generator G is given a class c, and whose values are those of D(y) C(c | y), not of D(y).

    The classifier C learns the classes of training sentences, and those that the generator's sentences were asked for
    by, from the very batches that the discriminator D learns from.

    Args:
        generator: language network of given classes.
        classifier: maps tokens (B, T) to the logits (B, classes).
        kwargs: of ``SequenceGAN``; the players are ``discriminator``, ``classifier`` and ``generator``.

    Raises:
        GenzooError: a number is out of range, or the networks are for other sentences or classes.

    Source: Li et al. 2018, A generative model for category text generation, Information Sciences 450, of which the
        abstract is at hand: a GAN of an RNN by reinforcement learning, whose sentences enlarge the set that a
        classifier learns from. The product D C is unverified.
    """

    def __init__(self, generator: nn.Module, classifier: nn.Module, **kwargs: Any):
        super().__init__(generator, **kwargs)
        check_sentences("classifier", generator, classifier)
        if (outputs := classifier.output.out_features) != generator.classes:
            raise GenzooError(f"model.classifier.outputs={outputs}: {generator.classes} are needed, one per class.")
        self.classifier = classifier

    def players(self) -> dict[str, list[nn.Module]]:
        """The classifier, too."""
        return {"classifier": [self.classifier], **super().players()}

    def critics(self) -> dict[str, Callable[..., Tensor]]:
        """The classifier's loss, too."""
        return {**super().critics(), "classifier": self.classifier_loss}

    @in_inference
    def reward(self, tokens: Tensor, **given: Tensor) -> Tensor:
        """D(y) C(c | y), the probability (n,) that sentences (n, T) are real and of the classes asked for."""
        found = torch.cat([self.classifier(part).softmax(1) for part in tokens.split(self.sampling_batch)])
        return super().reward(tokens) * found.gather(1, given["classes"][:, None]).squeeze(1)

    def classifier_loss(self, tokens: Tensor, labels: Tensor, classes: Tensor) -> Tensor:
        """-E log C(c | y) of training sentences and of generated ones; ``labels`` say which they are."""
        return F.cross_entropy(self.classifier(tokens), classes)
