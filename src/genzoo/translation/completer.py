"""The base class of GANs that fill in missing parts of images."""

from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.core.capabilities import Completes
from genzoo.core.completion import check_completion
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.nn.objectives import Objective
from genzoo.translation.pairs import Shape


class Completer(ImageModule):
    """Base of the models whose generator fills in missing pixels; subclasses have the losses and ``proposals``.

    Args:
        shape: (C, H, W) of the images.
        generator, discriminator: the networks.
        objective: the losses of both players.
        kwargs: of ``RoundModule``; the players are ``discriminator`` and ``generator``.
    """

    typical_mask: Tensor

    def __init__(
        self, shape: Shape, generator: nn.Module, discriminator: nn.Module, objective: Objective, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.image_shape, self.objective = tuple(shape), objective
        self.generator, self.discriminator = generator, discriminator

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def capabilities(self) -> frozenset[type]:
        """It completes images."""
        return frozenset({Completes})

    def score(self, images: Tensor) -> Tensor:
        """The discriminator's logits (B,)."""
        return at_least_float32(self.discriminator(images))

    def proposals(self, images: Tensor, mask: Tensor) -> Tensor:
        """Images (B, C, H, W) whose pixels replace the missing ones of ``images``, where ``mask`` (B, 1, H, W) is 0."""
        raise NotImplementedError

    @in_inference
    def complete(self, images: Tensor, mask: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] with the given pixels unchanged: those where ``mask`` (B, 1, H, W) is 1.

        The model draws no random numbers, so a generator has no effect.

        Raises:
            GenzooError: images or mask have another shape, or the model cannot fill in the missing pixels.
        """
        check_completion(images, mask, self.image_shape)
        images, given = images.to(self.device), mask.to(self.device).bool()
        parts = zip(images.split(self.sampling_batch), given.split(self.sampling_batch), strict=True)
        return torch.cat([x.where(m, self.proposals(x, m)) for x, m in parts])
