"""The base class of games whose generator is given a class."""

from collections.abc import Mapping
from typing import Any

from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.adversarial.game import Game
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.capabilities import SamplesClasses
from genzoo.core.checks import check_labels
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.latent import Categorical


class LabelledGame(Game):
    """A game whose latent code has a part ``label``, the class of the image.

    In training, generated images have the labels of the batch of real images.

    Args:
        kwargs: of the game.

    Raises:
        GenzooError: the latent code has no categorical part ``label``.
    """

    pool = "labelled"

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        part = self.latent.parts.get("label")
        if not isinstance(part, Categorical):
            raise GenzooError("model.latent.label: a Categorical part is needed, with one category per class.")
        self.classes = self.label_classes = part.size

    def capabilities(self) -> frozenset[type]:
        """It also draws images of given classes."""
        return super().capabilities() | {SamplesClasses}

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, for data with another number of classes, or without labels."""
        super().check_data(data)
        if data.classes != self.classes:
            raise GenzooError(
                f"data={data.name} has {data.classes} classes, but model.latent.label has {self.classes} categories; "
                f"use model.latent.label.size={data.classes}."
            )

    def codes(self, real: ImageBatch) -> Tensor:
        """Codes with the labels of the real images."""
        return self.with_labels(self.latent.split(super().codes(real)), real.labels)

    def one_hot(self, labels: Tensor) -> Tensor:
        """One-hot vectors, float (B, classes), of labels (B,)."""
        return F.one_hot(labels, self.classes).float()

    def with_labels(self, parts: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """Codes (B, latent.width) of labels (B,) and of the other parts."""
        return self.latent.join({**parts, "label": self.one_hot(labels)})

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n images (n, C, H, W) in [-1, 1] of the given classes (n,), or of random classes.

        Raises:
            GenzooError: labels are not n integers of the model's classes.
        """
        if labels is None:
            return super().sample(n, generator=generator)
        labels = check_labels(labels, n, self.classes, self.device)
        z = self.latent.sample(n, generator, self.device)
        return self.decode(self.with_labels(self.latent.split(z), labels))
