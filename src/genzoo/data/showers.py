"""Showers of particles in a calorimeter."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_energies
from genzoo.core.errors import GenzooError, near
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.calorimeter import LAYERS, observables
from genzoo.data.facts import check_facts
from genzoo.data.module import SetData, split_of
from genzoo.data.shower_simulator import PARTICLES, simulate
from genzoo.data.sizes import split_sizes


@register
class Showers(SetData):
    """Showers of one class of particles in a calorimeter of three layers, drawn by a parametric simulator.

    A shower is a vector of the energies of all cells in GeV, (504,), whose parts are the layers; it is asked for by
    the particle's energy in GeV, (1,), which is distributed uniformly. Its factor is the leakage in GeV: with the
    energies of the cells it adds up to the particle's energy.

    Args:
        particle: ``electron``, ``photon`` or ``pion``.
        energies: least and largest energy of a particle in GeV.
        n_train, n_validation, n_test: number of showers.
        showers_seed: the same seed gives the same showers.
        options: settings of ``SetData``, and facts that the configuration states (levels, classes), which are checked.

    Raises:
        GenzooError: a setting is out of range, or the particle is unknown.

    Source: the calorimeter and the energies: arXiv 1705.02355; hep-lbdl/CaloGAN, models/train.py. Its showers are
        Geant4's, these are not.

    Example:
        >>> data = Showers("photon", n_train=8)
        >>> showers = data.split("train")
        >>> showers.images.shape, showers.given["energy"].shape, len(data.observables(showers.images))
        (torch.Size([8, 504]), torch.Size([8, 1]), 18)
    """

    name = "showers"
    content = "showers"
    facts: ClassVar[dict[str, int | None]] = {"levels": None, "classes": 0}

    def __init__(
        self,
        particle: str = "electron",
        energies: Sequence[float] = (1.0, 100.0),
        n_train: int = 100_000,
        n_validation: int = 1_000,
        n_test: int = 10_000,
        showers_seed: int = 0,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        if particle not in PARTICLES:
            raise GenzooError(f"data.particle={particle}: unknown. {near(particle, PARTICLES)}")
        self.energies = check_energies("data.energies", energies)
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__((LAYERS.width,), factors=("leakage",), **options)
        self.spec = self.spec._replace(axes="", given={"energy": (1,)}, parts=LAYERS)
        self.particle, self.showers_seed = particle, showers_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._draw(split, n) for split, n in self.numbers.items()}

    def _draw(self, split: str, n: int) -> ImageSet:
        randomness = generator(self.showers_seed, self.name, self.particle, split)
        low, high = self.energies
        energies = low + (high - low) * torch.rand(n, generator=randomness)
        cells, leakage = simulate(PARTICLES[self.particle], energies, randomness)
        return split_of(cells, factors=leakage[:, None])._replace(given={"energy": energies[:, None]})

    def observables(self, images: Tensor) -> dict[str, Tensor]:
        """Observable -> its value for each shower, (B,); see ``genzoo.data.calorimeter``."""
        return observables(images)
