"""Images without and with an attribute, as two domains."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from genzoo.core.batches import DataSpec, ImageSet
from genzoo.core.errors import GenzooError, near
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.module import ImageData
from genzoo.data.two_domains import TwoDomainData


@register
class ByAttribute(TwoDomainData):
    """The images of a set without an attribute (domain A) and with it (domain B).

    Args:
        data: function that builds the set, not loaded, with the size and channels of a ``DataSpec``.
        attribute: name of a factor of the set, which is above 1/2 where an image has it.
        size, channels: of the images.
        enlarged, flip: see ``Jitter``; for training images.
        options: of ``ImageData``, and facts that the configuration states, which are checked.

    Raises:
        GenzooError: the set has no such attribute; in ``setup``, all training images have it, or none.

    Source: DiscoGAN (Kim et al. 2017, arXiv 1703.05192), section 3.2: faces of CelebA.
    """

    name = "by_attribute"
    facts: ClassVar[dict[str, int]] = {"levels": 256}

    def __init__(
        self,
        data: Callable[[DataSpec], ImageData],
        attribute: str,
        size: int = 64,
        channels: int = 3,
        enlarged: float | None = None,
        flip: bool = False,
        **options: Any,
    ):
        self.whole = data(DataSpec(self.name, (channels, size, size)))
        if attribute not in self.whole.spec.factors:
            raise GenzooError(
                f"data.attribute={attribute}: data={self.whole.name} has no such attribute. "
                f"{near(attribute, self.whole.spec.factors)}"
            )
        options = check_facts(self.name, {**self.facts, "target_channels": channels}, options)
        domains = f"no_{attribute}", attribute
        super().__init__(size, channels, domains=domains, paired=False, enlarged=enlarged, flip=flip, **options)
        self.column = self.whole.spec.factors.index(attribute)

    def prepare_data(self) -> None:
        """Downloads the set's files if they are missing."""
        self.whole.prepare_data()

    def load_domains(self) -> tuple[Mapping[str, ImageSet], Mapping[str, ImageSet]]:
        """Reads the set and divides each split."""
        splits = self.whole.load()
        self.source = self.whole.source
        has = {split: found.factors[:, self.column] > 0.5 for split, found in splits.items()}
        return (
            {split: found.at(~has[split])._replace(factors=None) for split, found in splits.items()},
            {split: found.at(has[split])._replace(factors=None) for split, found in splits.items()},
        )
