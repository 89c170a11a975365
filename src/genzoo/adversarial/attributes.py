"""Attributes of images as a part of a latent code: 1 = present, -1 = absent."""

import math
from collections.abc import Mapping

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.checks import check_classes
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register


def signs(present: Tensor) -> Tensor:
    """1 where a value is 1, -1 where it is 0.

    >>> signs(torch.tensor([True, False]))
    tensor([ 1., -1.])
    """
    return 2.0 * present - 1


@register
class Attributes:
    """Attributes of which an image may have several; draws have each with probability 1/2.

    Args:
        columns: name -> its column in the data's factors, which are above 1/2 where an image has it.

    Example:
        >>> attributes = Attributes({"Male": 2, "Young": 0})
        >>> factors = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        >>> attributes.of(ImageBatch(torch.zeros(2), torch.zeros(2), factors))
        tensor([[-1.,  1.],
                [ 1., -1.]])
    """

    pool = "train"  #: pool of the images whose attributes are known
    varies_along_rows = False

    def __init__(self, columns: Mapping[str, int]):
        self.columns, self.names, self.size = dict(columns), (*columns,), len(columns)
        self.entropy = self.size * math.log(2)

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n draws, float (n, size)."""
        present = torch.randint(2, (n, self.size), generator=generator, device=drawing_device(generator, device))
        return signs(present.to(device))

    def walk(self, steps: int) -> Tensor:
        """One row per attribute, which is the only one present."""
        return signs(torch.eye(self.size)[:, None].expand(-1, steps, -1))

    def check(self, data: DataSpec) -> None:
        """Raises a GenzooError for data with other factors."""
        for name, column in self.columns.items():
            if data.factors[column : column + 1] != (name,):
                raise GenzooError(
                    f"model.latent.attributes.columns.{name}={column}: the factors of data={data.name} are "
                    f"{', '.join(data.factors) or 'none'}; choose data with this attribute, and its column from 0."
                )

    def of(self, batch: ImageBatch) -> Tensor:
        """The attributes of images, float (B, size)."""
        assert batch.factors is not None
        return signs(batch.factors[:, [*self.columns.values()]] > 0.5)


@register
class Classes(Categorical):
    """The classes of images as attributes, of which each image has one.

    Args:
        size: number of classes.

    Example:
        >>> Classes(3).of(ImageBatch(torch.zeros(1), torch.tensor([1])))
        tensor([[-1.,  1., -1.]])
    """

    pool = "labelled"

    def __init__(self, size: int):
        super().__init__(size)
        self.names = tuple(map(str, range(size)))

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n draws of equally likely classes, float (n, size)."""
        return signs(super().sample(n, generator, device))

    def walk(self, steps: int) -> Tensor:
        """One row per class."""
        return signs(super().walk(steps))

    def check(self, data: DataSpec) -> None:
        """Raises a GenzooError for data with another number of classes."""
        check_classes("model.latent.attributes.size", self.size, data)

    def of(self, batch: ImageBatch) -> Tensor:
        """The attributes of images, float (B, size)."""
        return signs(F.one_hot(batch.labels, self.size))


@register
def known_attributes(classes: int, columns: Mapping[str, int] | None = None) -> Attributes | Classes:
    """Some of the data's factors, or its classes if none are given.

    Args:
        classes: number of the data's classes.
        columns: see ``Attributes``.

    Raises:
        GenzooError: there are neither.
    """
    if columns:
        return Attributes(columns)
    if not classes:
        raise GenzooError(
            "model.latent.attributes: the data has no classes; choose labelled data, or columns of its factors, such "
            "as model.latent.attributes.columns={Male: 20}."
        )
    return Classes(classes)
