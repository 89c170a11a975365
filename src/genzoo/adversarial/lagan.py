"""LAGAN: images of jets of two classes."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.adversarial.networks.jet_discriminator import JetDiscriminator
from genzoo.adversarial.networks.jet_generator import CLASSES, JetGenerator
from genzoo.adversarial.separate_batches import SeparateBatches
from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch
from genzoo.core.capabilities import Samples, SamplesClasses
from genzoo.core.checks import check_labels, check_positive, check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register

FLIPS = {"real": 0.05, "fake": 0.05, "fake_class": 0.05, "asked_class": 0.09}  #: target -> probability


@register
class LAGAN(SeparateBatches):
    """A discriminator judges whether a jet image is real and of which of two classes it is, with some wrong targets.

    With H(t, p) = -t log p - (1 - t) log(1 - p), the probability D of being real and C of class 1, and flipped targets
    t̃, which are 1 - t with a probability, independently for each image, a round is, each on a batch of its own:

        D minimises    H(1̃, D(x)) + w H(c, C(x)),    then    H(0̃, D(G(z, c))) + w H(c̃, C(G(z, c))),
        G minimises, twice,    H(1, D(G(z, c))) + w H(c̃, C(G(z, c))),

    with noise z ~ N(0, I) and new classes c, both equally likely.

    Args:
        generator, discriminator: the networks.
        flips: target -> probability that it is flipped: ``real`` and ``fake`` for D(x) and D(G(z, c)), ``fake_class``
            in D's step, ``asked_class`` in G's.
        class_weight: w.
        kwargs: of ``ImageModule``; the players are ``discriminator`` and ``generator``.

    Raises:
        GenzooError: a number is out of range, or a flip is missing or unknown.

    Source: de Oliveira, Paganini, Nachman 2017, arXiv 1701.05927; hep-lbdl/adversarial-jets, models/train.py.
    """

    unit = "jets"
    pool = "labelled"
    label_classes = CLASSES

    def __init__(
        self,
        generator: JetGenerator,
        discriminator: JetDiscriminator,
        flips: Mapping[str, float] = FLIPS,
        class_weight: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(generator=generator, discriminator=discriminator, **kwargs)
        check_weights({"class": class_weight})
        if flips.keys() != FLIPS.keys():
            raise GenzooError(f"model.flips has {', '.join(flips)}, but {', '.join(FLIPS)} are needed; give these.")
        for name, flip in flips.items():
            if not 0 <= flip <= 1:
                raise GenzooError(f"model.flips.{name}={flip}: a probability from 0 to 1 is needed.")
        self.flips, self.class_weight = dict(flips), class_weight

    def capabilities(self) -> frozenset[type]:
        """It draws jets, also of given classes."""
        return frozenset({Samples, SamplesClasses})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data with another number of classes."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        if data.classes != CLASSES:
            raise GenzooError(
                f"data={data.name} has {data.classes} classes, but the model needs {CLASSES}; choose data=jets."
            )

    def draw_asked(self, n: int, generator: Generator | None = None) -> Tensor:
        """Classes, both equally likely, int64 (n,)."""
        place = drawing_device(generator, self.device)
        return torch.randint(CLASSES, (n,), generator=generator, device=place).to(self.device)

    def real_loss(self, real: ImageBatch) -> Tensor:
        """H(1̃, D(x)) + w H(c, C(x))."""
        return self.cross_entropies(real.images, 1, "real", real.labels, None)

    def fake_loss(self, made: Tensor, asked: Tensor) -> Tensor:
        """H(0̃, D(G(z, c))) + w H(c̃, C(G(z, c))) of generated jets (B, 625) and their classes (B,)."""
        return self.cross_entropies(made, 0, "fake", asked, "fake_class")

    def generator_loss(self, asked: Tensor) -> Tensor:
        """H(1, D(G(z, c))) + w H(c̃, C(G(z, c))) for classes (B,)."""
        return self.cross_entropies(self.draw(asked), 1, None, asked, "asked_class")

    def cross_entropies(
        self, jets: Tensor, real: int, flip: str | None, classes: Tensor, flip_class: str | None
    ) -> Tensor:
        """H(real, D) + w H(classes, C) of jets (B, 625), with targets that are flipped by these settings; None: not."""
        of_real, of_one = (at_least_float32(logits) for logits in self.discriminator(jets))
        targets = self.flipped(torch.full_like(of_real, real), flip), self.flipped(classes.to(of_one), flip_class)
        misses = F.binary_cross_entropy_with_logits(of_one, targets[1])
        self.meters.log("class_loss", misses.detach())
        return F.binary_cross_entropy_with_logits(of_real, targets[0]) + self.class_weight * misses

    def flipped(self, targets: Tensor, name: str | None) -> Tensor:
        """Targets 0 and 1, float (B,), each flipped with the probability of this name; None = as they are."""
        if name is None:
            return targets
        return torch.where(torch.rand_like(targets) < self.flips[name], 1 - targets, targets)

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n jets (n, 625) in GeV of the given classes (n,), or of random ones.

        Raises:
            GenzooError: no jets, or labels are not n integers 0 or 1.
        """
        check_positive("number of jets", n)
        given = check_labels(labels, n, CLASSES, self.device)
        return self.draw_in_batches(self.draw_asked(n, generator) if given is None else given, generator)
