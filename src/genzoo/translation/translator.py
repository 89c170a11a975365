"""The base class of models that map images to images."""

from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference
from genzoo.core.randomness import drawing_from


class Translator(ImageModule):
    """Base of the models that map images to images; subclasses have the networks.

    Args:
        sampling_batch: images per pass. If batch norm uses batch statistics, this is part of the protocol.
        kwargs: of ``RoundModule``.

    Raises:
        GenzooError: the batch is not a positive integer.
    """

    def __init__(self, sampling_batch: int = 100, **kwargs: Any):
        super().__init__(**kwargs)
        check_positive("model.sampling_batch", sampling_batch)
        self.sampling_batch = sampling_batch

    def networks(self) -> dict[tuple[str, str], nn.Module]:
        """(source, target) -> network that maps images (B, C, H, W) in [-1, 1] to images.

        It has their ``shape`` (C, H, W), in which None stands for any size.
        """
        raise NotImplementedError

    @property
    def directions(self) -> tuple[tuple[str, str], ...]:
        """The (source, target) domains of each network."""
        return tuple(self.networks())

    @in_inference
    def translate(
        self, images: Tensor, source: str = "A", target: str = "B", generator: Generator | None = None
    ) -> Tensor:
        """Images (B, C', H, W) of the target domain in [-1, 1], of images (B, C, H, W) of the source domain.

        Args:
            images: of the source domain, in [-1, 1].
            source, target: ``"A"``, the first domain of the data, or ``"B"``, the second.
            generator: of the networks' noise, such as dropout; None = the same noise each time.

        Raises:
            GenzooError: the model has no such direction, or the images have another shape.
        """
        if (source, target) not in self.directions:
            known = ", ".join(f"{a} to {b}" for a, b in self.directions)
            raise GenzooError(f"translate: no direction from {source} to {target}; this model has: {known}.")
        network = self.networks()[source, target]
        given = tuple(images.shape[1:])
        if len(given) != 3 or any(a not in (None, b) for a, b in zip(network.shape, given, strict=True)):
            raise GenzooError(
                f"translate: images of (channels, height, width) {given} were given, but domain "
                f"{source} has ({', '.join(str(side or 'any') for side in network.shape)})."
            )
        with drawing_from(generator, self.device):
            return torch.cat([network(part) for part in images.to(self.device).split(self.sampling_batch)])
