"""Language models: sequences of tokens, trained by maximum likelihood."""

from torch import nn

from genzoo.core.batches import Stream
from genzoo.core.class_sequences import ClassSequenceModule
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.core.sequence_module import SequenceModule


@register
class LanguageModel(SequenceModule):
    """p(y) = Π_t p(y_t | y_1 .. y_{t-1}), trained by maximum likelihood.

    Args:
        network, kwargs: see ``SequenceModule``; the one player is ``model``.

    Source: Yu et al. 2017, arXiv 1609.05473, section 5.1: the baseline "MLE".
    """

    def players(self) -> dict[str, list[nn.Module]]:
        """The network."""
        return {"model": [self.network]}

    def turns(self) -> tuple[Turn, ...]:
        """One turn per round."""
        return (Turn({"model": self.likelihood_loss}, (Stream("real", self.pool),)),)


@register
class ConditionalLanguageModel(ClassSequenceModule, LanguageModel):
    """p(y | class) = Π_t p(y_t | y_1 .. y_{t-1}, class), trained by maximum likelihood.

    Args:
        network, kwargs: see ``ClassSequenceModule``; the one player is ``model``.
    """
