"""Codes at which a latent search starts."""

from typing import Protocol, cast

import torch
from torch import Generator, Tensor

from genzoo.core.capabilities import Decodes, Encodes
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule


class Start(Protocol):
    """A choice of the first codes of a latent search."""

    needs: frozenset[type]  #: capabilities of the model that it uses

    def __call__(self, module: RoundModule, images: Tensor, restarts: int, generator: Generator | None) -> Tensor:
        """Codes (restarts, B, latent.width) for images (B, C, H, W), on their device."""
        ...


@register
class FromPrior:
    """Every search starts at a code of the prior."""

    needs: frozenset[type] = frozenset()

    def __call__(self, module: RoundModule, images: Tensor, restarts: int, generator: Generator | None) -> Tensor:
        """See ``Start``."""
        codes = cast(Decodes, module).latent.sample(restarts * len(images), generator, images.device)
        return codes.unflatten(0, (restarts, len(images)))


@register
class FromEncoder:
    """The first search starts at the encoder's code of the image, the others at codes of the prior.

    Source: iGAN (Zhu et al. 2016, arXiv 1609.03552), section 3.1, its hybrid method.
    """

    needs: frozenset[type] = frozenset({Encodes})

    def __call__(self, module: RoundModule, images: Tensor, restarts: int, generator: Generator | None) -> Tensor:
        """See ``Start``."""
        return torch.cat(
            [cast(Encodes, module).encode(images)[None], FromPrior()(module, images, restarts - 1, generator)]
        )
