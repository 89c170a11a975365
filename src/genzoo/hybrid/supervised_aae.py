"""The supervised adversarial autoencoder: the class is given to the decoder, so that the code is the style."""

from typing import Any

from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Decodes, Samples, SamplesClasses
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent
from genzoo.core.registry import register
from genzoo.hybrid.aae import AdversarialAutoencoder


@register
class SupervisedAdversarialAutoencoder(AdversarialAutoencoder):
    """The decoder is given the image's class, so that the encoder's part of the code can leave it out: the style.

    The part ``label`` of the latent code is the class, one-hot; the encoder infers the other parts. The model is
    trained on labelled images alone. It does not encode, since the code of an image contains its class.

    Args:
        kwargs: of ``AdversarialAutoencoder``.

    Raises:
        GenzooError: the latent code has no categorical part ``label``, or no other part.

    Source: Makhzani et al. 2015, arXiv 1511.05644, section 4.
    """

    stream = Stream("real", "labelled")

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.label_classes = self.latent.parts["label"].size

    def encoded_parts(self, latent: Latent) -> Latent:
        """All parts but the label."""
        if not isinstance(latent.parts.get("label"), Categorical):
            raise GenzooError("model.latent.label: a Categorical part is needed, with one category per class.")
        return latent.without("label")

    def capabilities(self) -> frozenset[type]:
        """It draws images of given classes, and decodes."""
        return frozenset({Samples, SamplesClasses, Decodes})

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, for data with another number of classes."""
        super().check_data(data)
        if data.classes != self.label_classes:
            raise GenzooError(
                f"data={data.name} has {data.classes} classes, but model.latent.label has {self.label_classes} "
                f"categories; use model.latent.label.size={data.classes}."
            )

    def one_hot(self, labels: Tensor) -> Tensor:
        """One-hot vectors, float (B, classes), of labels (B,)."""
        return F.one_hot(labels, self.label_classes).float()

    def codes(self, real: ImageBatch) -> Tensor:
        """Codes of the images' classes and inferred styles."""
        return self.latent.join(self.infer(real.images) | {"label": self.one_hot(real.labels)})

    def drawn(self, n: int, labels: Tensor | None, generator: Generator | None) -> Tensor:
        """n codes (n, latent.width) from the prior, of random classes or of the given ones (n,)."""
        codes = self.latent.sample(n, generator, self.device)
        if labels is None:
            return codes
        return self.latent.join(self.latent.split(codes) | {"label": self.one_hot(labels)})
