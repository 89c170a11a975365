"""Translation of a split, in each direction of a model."""

from functools import partial
from typing import NamedTuple

from torch import Tensor

from genzoo.core.images import from_levels
from genzoo.core.randomness import generator
from genzoo.core.rounds import RoundModule
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.batches import evenly_spaced, in_chunks


class Direction(NamedTuple):
    """Images of one domain, and their translations to another.

    Args:
        source, target: such as ``A`` and ``B``.
        domains: names of the source and the target domain.
        images: of the source domain, (N, C, H, W) in [-1, 1].
        labels: of the images, (N,).
        translated: their translations, (N, C', H, W).
        partners: the images of the target domain that they should be, (N, C', H, W); None where there are no pairs.
    """

    source: str
    target: str
    domains: tuple[str, str]
    images: Tensor
    labels: Tensor
    translated: Tensor
    partners: Tensor | None

    @property
    def name(self) -> str:
        """Such as ``ab``, from domain A to B."""
        return f"{self.source}{self.target}".lower()

    @property
    def back(self) -> tuple[str, str]:
        """The opposite direction."""
        return self.target, self.source


def translated(module: RoundModule, data: TwoDomainData, split: str, images: int | None) -> list[Direction]:
    """Translates a split in each direction; empty domains are left out.

    Args:
        module: translates.
        data: of two domains, loaded.
        split: name of the split.
        images: number of images of each domain, evenly spaced over the split; None = all.
    """
    names, partners = dict(zip("AB", data.spec.domains, strict=True)), data.are_partners(split)
    found = []
    for source, target in module.directions:
        of_source, of_target = data.domain(names[source], split), data.domain(names[target], split)
        levels = evenly_spaced(of_source.images, images)
        if not len(levels):
            continue
        x, noise = from_levels(levels, data.spec.levels), generator(0, "translated", source)
        translate = partial(module.translate, source=source, target=target, generator=noise)
        found.append(
            Direction(
                source,
                target,
                (names[source], names[target]),
                x,
                evenly_spaced(of_source.labels, images),
                in_chunks(translate, x, module.device),
                from_levels(evenly_spaced(of_target.images, images), data.spec.levels) if partners else None,
            )
        )
    return found
