"""CaloGAN: showers of particles of given energies."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.adversarial.networks.shower_discriminator import ShowerDiscriminator
from genzoo.adversarial.networks.shower_generator import ShowerGenerator
from genzoo.adversarial.separate_batches import SeparateBatches
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Samples, SamplesGiven
from genzoo.core.checks import check_energies, check_labels, check_positive, check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register


@register
class CaloGAN(SeparateBatches):
    """A discriminator judges whether a shower is real and is one of a particle of the given energy.

    A round is a step of D on real showers x of energies E, another one on generated showers, and two of G:

        D minimises    -log D(x, E),    then    -log(1 - D(G(z, E), E)),
        G minimises    -log D(G(z, E), E) + w |Σ_i G(z, E)_i - E|,

    with noise z ~ N(0, I) and new energies in each of the last three. Batches are never mixed, since D compares the
    showers of a batch. The showers of D's step are those of G in evaluation mode.

    Args:
        generator, discriminator: the networks.
        energies: least and largest energy of generated showers in training and of samples, in GeV; uniform.
        energy_weight: w, per GeV.
        kwargs: of ``ImageModule``; the players are ``discriminator`` and ``generator``.

    Raises:
        GenzooError: a number is out of range, or the networks have other layers.

    Source: Paganini, de Oliveira, Nachman 2017, arXiv 1705.02355; hep-lbdl/CaloGAN, models/train.py.
    """

    unit = "showers"
    asks: Mapping[str, tuple[int, ...]] = {"energy": (1,)}

    def __init__(
        self,
        generator: ShowerGenerator,
        discriminator: ShowerDiscriminator,
        energies: Sequence[float],
        energy_weight: float = 0.05,
        **kwargs: Any,
    ):
        super().__init__(generator=generator, discriminator=discriminator, **kwargs)
        check_weights({"energy": energy_weight})
        self.energies, self.energy_weight = check_energies("model.energies", energies), energy_weight

    def capabilities(self) -> frozenset[type]:
        """It draws showers, also of given energies."""
        return frozenset({Samples, SamplesGiven})

    def real_loss(self, real: ImageBatch) -> Tensor:
        """-log D(x, E)."""
        assert real.given is not None
        return F.softplus(-self.judge(real.images, real.given["energy"])).mean()

    def fake_loss(self, made: Tensor, asked: Tensor) -> Tensor:
        """-log(1 - D(G(z, E), E)) of generated showers (B, cells) and their energies (B, 1)."""
        return F.softplus(self.judge(made, asked)).mean()

    def generator_loss(self, asked: Tensor) -> Tensor:
        """-log D(G(z, E), E) + w |Σ_i G(z, E)_i - E| for energies (B, 1)."""
        showers = self.draw(asked)
        missing = (showers.sum(1, keepdim=True) - asked).abs().mean()
        self.meters.log("missing_energy", missing.detach())
        return F.softplus(-self.judge(showers, asked)).mean() + self.energy_weight * missing

    def draw_asked(self, n: int, generator: Generator | None = None) -> Tensor:
        """Energies in GeV, uniform, (n, 1)."""
        low, high = self.energies
        place = drawing_device(generator, self.device)
        return (low + (high - low) * torch.rand(n, 1, generator=generator, device=place)).to(self.device)

    def judge(self, showers: Tensor, energy: Tensor) -> Tensor:
        """Logits (B,) of showers (B, cells) and energies (B, 1)."""
        return at_least_float32(self.discriminator(showers, energy))

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n showers (n, cells) in GeV, of energies that are drawn as in training.

        Raises:
            GenzooError: no showers, or labels are given.
        """
        check_positive("number of showers", n)
        check_labels(labels, n, 0, self.device)
        return self.draw_in_batches(self.draw_asked(n, generator), generator)

    @in_inference
    def sample_given(self, given: Mapping[str, Tensor], generator: Generator | None = None) -> Tensor:
        """Showers (n, cells) in GeV of energies (n, 1) in GeV.

        Raises:
            GenzooError: there are no energies, they have another shape, or one is not positive.
        """
        energy = given.get("energy")
        if energy is None or energy.dim() != 2 or energy.shape[1] != 1:
            shape = None if energy is None else tuple(energy.shape)
            raise GenzooError(f"energy: energies in GeV (n, 1) are needed, not {shape}.")
        if not (energy > 0).all():
            raise GenzooError(f"energy={energy.min().item():g}: a positive energy in GeV is needed.")
        return self.draw_in_batches(energy.to(self.device), generator)
