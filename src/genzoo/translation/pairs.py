"""The pairs that a model of translation learns from."""

from typing import Protocol

from torch import Tensor

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register

Shape = tuple[int, int, int]  # (C, H, W) of an image


class Pairs(Protocol):
    """Gives the source x and the target y of each image of a batch."""

    source: Shape  #: of x
    target: Shape  #: of y

    def __call__(self, real: ImageBatch) -> tuple[Tensor, Tensor]:
        """x (B, C, H, W) and y (B, C', H', W'), both in [-1, 1]."""
        ...

    def check_data(self, data: DataSpec) -> None:
        """Checks that the data has what the pairs are made of.

        Raises:
            GenzooError: it does not.
        """
        ...


@register
class DataPairs:
    """Pairs of a data set: x is of the first domain, y its partner in the second.

    Args:
        source, target: (C, H, W) of the images of both domains.

    Raises:
        GenzooError: the target has no channels.
    """

    def __init__(self, source: Shape, target: Shape):
        self.source, self.target = tuple(source), tuple(target)
        check_target(self.target)

    def __call__(self, real: ImageBatch) -> tuple[Tensor, Tensor]:
        """The images and their partners."""
        assert real.target is not None
        return real.images, real.target

    def check_data(self, data: DataSpec) -> None:
        """Refuses data without pairs, or whose partners have other channels."""
        check_domains(data, self.target)
        if not data.paired:
            raise GenzooError(
                f"data={data.name} has no pairs to train on, but this model needs them; set data.paired=true where "
                "the set has this setting, choose other data, or a model without pairs (model=cyclegan)."
            )


def check_target(shape: Shape) -> None:
    """Checks the shape of images of the second domain, which has no channels if there is none.

    Raises:
        GenzooError: it has no channels.
    """
    if not shape[0]:
        raise GenzooError(
            "data: this model translates images of one domain to another one, but the set has only one; choose a set "
            "of two domains, such as data=digit_pairs."
        )


def check_domains(data: DataSpec, target: Shape) -> None:
    """Checks that the data has two domains, and the channels of the second one.

    Args:
        data: its description.
        target: (C, H, W) of the second domain, which the networks are built for.

    Raises:
        GenzooError: it has other channels, or one domain.
    """
    if data.target_channels != target[0]:
        raise GenzooError(
            f"data={data.name} has {data.target_channels} channels in its second domain, but the model is built for "
            f"{target[0]}; set both to the same."
        )
