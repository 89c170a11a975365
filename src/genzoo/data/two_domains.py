"""Base of the sets with two domains of images, in pairs or not."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Generator, Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError, near
from genzoo.data.jitter import Jitter
from genzoo.data.module import SPLITS, ImageData


def check_domain(data: str, domain: str, known: Sequence[str]) -> None:
    """Checks the name of a domain.

    Raises:
        GenzooError: it is none of the known ones.
    """
    if domain not in known:
        raise GenzooError(f"data={data}: no domain {domain}. {near(domain, known)}")


class TwoDomainData(ImageData):
    """Base of the sets with two domains; the training images of the first are the pool ``A``, of the second ``B``.

    Subclasses implement ``load_domains``. All that is not asked for by a domain's name (``split``, the pool ``train``)
    is the first domain.

    Args:
        size: height and width in pixels of the images of both domains.
        channels: 1 or 3, of the images of the first domain.
        domains: names of the domains.
        target_channels: 1 or 3, of the images of the second domain.
        paired: whether the i-th training images of both domains are partners; then an image's partner is its
            ``target``.
        enlarged, flip: see ``Jitter``; for training images.
        options: of ``ImageData``.

    Raises:
        GenzooError: a setting is out of range; in ``setup``, a domain has no training images, or pairs do not fit.
    """

    rule: Callable[[Tensor], Tensor] | None = None  #: draws the partners of levels, uint8 (B, C, H, W), if it is known
    palettes: Mapping[str, Tensor] = {}  #: domain of label maps -> colours of its classes, levels, uint8 (K, C)

    def __init__(
        self,
        size: int,
        channels: int,
        domains: tuple[str, str],
        target_channels: int,
        paired: bool,
        enlarged: float | None = None,
        flip: bool = False,
        **options: Any,
    ):
        super().__init__(size, channels, **options)
        if target_channels not in (1, 3):
            raise GenzooError(f"data.target_channels={target_channels}: 1 (grey) or 3 (colour) is needed.")
        self.spec = self.spec._replace(domains=domains, target_channels=target_channels, paired=paired)
        self.jitter = Jitter(size, enlarged, flip)
        self._second: dict[str, ImageSet] | None = None

    def load_domains(self) -> tuple[Mapping[str, ImageSet], Mapping[str, ImageSet]]:
        """Reads the splits of each domain.

        Raises:
            GenzooError: files are missing, damaged, or do not fit the configuration.
        """
        raise NotImplementedError

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the splits of the first domain, with the partners of its images as targets."""
        first, second = self.load_domains()
        self._second = self.checked(second, self.spec.target_channels)
        return {
            split: found._replace(target=second[split].images) if self.are_partners(split) else found
            for split, found in first.items()
        }

    def are_partners(self, split: str) -> bool:
        """Whether the i-th images of both domains are partners in a split."""
        return self.spec.paired

    def domain(self, name: str, split: str) -> ImageSet:
        """The images of one domain and split, as stored, without targets.

        Raises:
            GenzooError: there is no such domain.
        """
        check_domain(self.name, name, self.spec.domains)
        found = self.split(split)
        if name == self.spec.domains[0]:
            return found._replace(target=None)
        assert self._second is not None
        return self._second[split]

    def vary(self, levels: Tensor, generator: Generator) -> Tensor:
        """The jitter."""
        return self.jitter(levels, generator)

    @property
    def varies(self) -> bool:
        """Whether there is a jitter."""
        return self.jitter.changes

    def pools(self) -> dict[str, ImageSet]:
        """Also returns each domain's training images, as ``A`` and ``B``."""
        pools = super().pools()
        return pools | {"A": pools["train"]._replace(target=None), "B": self.domain(self.spec.domains[1], "train")}

    def fingerprint(self) -> str:
        """A hash of the training images of both domains."""
        second = self.domain(self.spec.domains[1], "train").images
        return hashlib.sha256(super().fingerprint().encode() + second.numpy().tobytes()).hexdigest()[:16]

    def describe(self) -> str:
        """One line with the number of training images of each domain."""
        counts = (f"{len(self.domain(name, 'train').images):,} {name}" for name in self.spec.domains)
        return f"training images: {', '.join(counts)}{', in pairs' if self.spec.paired else ''}"


class OneDomain(ImageData):
    """One domain of a set of two, as a set of its own.

    Args:
        data: the set of two domains.
        domain: name of the domain.

    Raises:
        GenzooError: there is no such domain.
    """

    def __init__(self, data: TwoDomainData, domain: str):
        spec = data.spec
        check_domain(data.name, domain, spec.domains)
        first = domain == spec.domains[0]
        self.name, self.classifier = f"{data.name}-{domain}", data.classifier if first else None
        super().__init__(spec.size, spec.channels if first else spec.target_channels, spec.levels, spec.classes)
        self.both, self.domain = data, domain

    def load(self) -> Mapping[str, ImageSet]:
        """The splits of the domain."""
        splits = {split: self.both.domain(self.domain, split) for split in SPLITS}
        self.source = self.both.source
        return splits
