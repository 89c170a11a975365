"""Target classes of generated images, for generators that make a class more probable."""

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent
from genzoo.core.registry import register


class Target(Protocol):
    """The class that the generator assigns to each of its images."""

    def check(self, latent: Latent, classes: int) -> None:
        """Raises a GenzooError if the latent code does not determine the target."""
        ...

    def __call__(self, logits: Tensor, codes: Mapping[str, Tensor]) -> Tensor:
        """The class (B,) of images, given the logits (B, K) of their classes and the parts of their codes."""
        ...


@register
class Dynamic:
    """The target is the most probable class according to the discriminator.

    Source: arXiv 1703.02000, the section on dynamic labelling.

    Example:
        >>> import torch
        >>> Dynamic()(torch.tensor([[1.0, 2.0, 0.0]]), {})
        tensor([1])
    """

    def check(self, latent: Latent, classes: int) -> None:
        """Every latent code will do."""

    def __call__(self, logits: Tensor, codes: Mapping[str, Tensor]) -> Tensor:
        """The class of the largest logit."""
        return logits.argmax(1)


@register
class Predefined:
    """The target is the class that the image was generated for: the part ``label`` of its code.

    Source: arXiv 1703.02000, the section on predefined labelling.

    Example:
        >>> import torch
        >>> Predefined()(torch.zeros(1, 3), {"label": torch.tensor([[0.0, 0.0, 1.0]])})
        tensor([2])
    """

    def check(self, latent: Latent, classes: int) -> None:
        """Raises a GenzooError unless the latent code has a part ``label`` with a category per class."""
        part = latent.parts.get("label")
        if not isinstance(part, Categorical) or part.size != classes:
            raise GenzooError(
                f"model.latent.label: predefined targets need a Categorical part of this name with size={classes}, "
                "the number of classes; add it, or use genzoo.adversarial.targets.Dynamic as model.target."
            )

    def __call__(self, logits: Tensor, codes: Mapping[str, Tensor]) -> Tensor:
        """The category of ``label``."""
        return codes["label"].argmax(1)
