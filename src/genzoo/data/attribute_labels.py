"""An attribute of the images of a set, as their label."""

from collections.abc import Mapping

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError, near
from genzoo.data.labels import known
from genzoo.data.module import SPLITS, ImageData, split_of
from genzoo.data.two_domains import TwoDomainData


class AttributeLabels(ImageData):
    """A set whose labels say which images have an attribute: 1, or else 0.

    Args:
        data: the set. Of two domains, the second is the attribute; otherwise it is a factor, above 1/2 where an image
            has it, or the number of a class.
        attribute: its name.

    Raises:
        GenzooError: the set has no such attribute.
    """

    def __init__(self, data: ImageData, attribute: str):
        spec = data.spec
        self.name = f"{data.name}-{attribute}"
        names = (*spec.domains[1:], *spec.factors, *map(str, range(spec.classes)))
        if attribute not in names:
            raise GenzooError(f"data={data.name}: no attribute {attribute}. {near(attribute, names)}")
        super().__init__(spec.size, spec.channels, spec.levels, classes=2)
        self.whole, self.attribute = data, attribute

    def load(self) -> Mapping[str, ImageSet]:
        """The splits, without images of unknown class."""
        splits = {split: split_of(*self.labelled(split)) for split in SPLITS}
        self.source = self.whole.source
        return splits

    def labelled(self, split: str) -> tuple[Tensor, Tensor]:
        """The images of a split, and their labels."""
        data, attribute = self.whole, self.attribute
        if isinstance(data, TwoDomainData) and attribute in data.spec.domains:
            without, having = (data.domain(name, split).images for name in data.spec.domains)
            return torch.cat([without, having]), (torch.arange(len(without) + len(having)) >= len(without)).long()
        found = data.split(split)
        if attribute in data.spec.factors:
            assert found.factors is not None
            return found.images, (found.factors[:, data.spec.factors.index(attribute)] > 0.5).long()
        of_class = known(found)
        return of_class.images, (of_class.labels == int(attribute)).long()
