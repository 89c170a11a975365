"""What GANs of captions share: a joint embedding that is trained first, then two players."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch, Stream
from genzoo.core.capabilities import SamplesGiven
from genzoo.core.checks import check_first_phase, check_positive, check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.randomness import drawing_device
from genzoo.core.rounds import Turn
from genzoo.nn.joint_embedding import JointEmbedding
from genzoo.nn.objectives import Objective


class CaptionGAN(ImageModule):
    """A discriminator judges whether an image is real and is what it was asked for.

    In the first rounds φ, the embedding of captions, is trained together with one of images. Then it stays as it is.
    Images are asked for by t = φ(caption), and by whatever else the generator names in ``asks``, such as a box.
    Subclasses state the losses of D and G.

    Args:
        embedding: φ and the embedding of images.
        generator, discriminator: factories of G and D, called with ``embedding``, the width of t, and G with
            ``latent``, that of z.
        objective: ℓ.
        embedding_rounds: rounds of the embedding.
        latent: width of z.
        mismatch_weight: w, of the loss of images that are not what was asked for.
        kwargs: of ``ImageModule``; the players are ``embedding``, ``discriminator`` and ``generator``.

    Raises:
        GenzooError: a number is out of range.
    """

    accumulates = False  # images and captions of whole batches are compared

    def __init__(
        self,
        embedding: JointEmbedding,
        generator: Callable[..., nn.Module],
        discriminator: Callable[..., nn.Module],
        objective: Objective,
        embedding_rounds: int,
        latent: int = 100,
        mismatch_weight: float = 0.5,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_positive("model.embedding_rounds", embedding_rounds)
        check_positive("model.latent", latent)
        check_weights({"mismatch": mismatch_weight})
        if mismatch_weight > 1:
            raise GenzooError(f"model.mismatch_weight={mismatch_weight}: a number from 0 to 1 is needed.")
        width = embedding.text_encoder.outputs
        self.embedding, self.objective, self.latent = embedding, objective, latent
        self.generator = generator(latent=latent, embedding=width)
        self.discriminator = discriminator(embedding=width)
        self.embedding_rounds, self.mismatch_weight = embedding_rounds, mismatch_weight
        self.image_shape = self.generator.shape
        # There may be more captions than one, whose mean counts.
        self.asks = {"caption": (1, embedding.text_encoder.length), **self.generator.asks}

    def players(self) -> dict[str, list[nn.Module]]:
        """The embedding, the discriminator and the generator."""
        return {
            "embedding": [self.embedding],
            "discriminator": [self.discriminator],
            "generator": [self.generator],
        }

    def turns(self) -> tuple[Turn, ...]:
        """The embedding's turn, later the discriminator's and the generator's, on one batch."""
        real, first = (Stream("real"),), self.embedding_rounds
        losses = {"discriminator": self.discriminator_loss, "generator": self.generator_loss}
        return (
            Turn({"embedding": self.embedding_loss}, real).in_rounds(end=first),
            Turn(losses, real, draws=self.draws, at_once=False).in_rounds(first),
        )

    def on_fit_start(self) -> None:
        """Raises a GenzooError, too, if the run has no rounds for images."""
        super().on_fit_start()
        check_first_phase("model.embedding_rounds", self.embedding_rounds, self.trainer.datamodule.rounds, "images")

    def capabilities(self) -> frozenset[type]:
        """It draws images of captions."""
        return frozenset({SamplesGiven})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data without captions, or with longer ones, and without whatever else is asked for."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        if missing := [name for name in self.asks if name not in data.given]:
            example = "located_shapes" if len(self.asks) > 1 else "captioned_shapes"
            raise GenzooError(
                f"data={data.name} has no {missing[0]} of each image, but the model needs it; choose data={example}."
            )
        (_, length), (_, built) = data.given["caption"], self.asks["caption"]
        if length != built:
            raise GenzooError(
                f"data={data.name} has captions of {length} characters, but the model is built for {built}; set "
                f"model.embedding.text_encoder.length={length}."
            )

    def embedding_loss(self, real: ImageBatch) -> Tensor:
        """The joint embedding's loss for one caption of each image, drawn at random."""
        captions = real.given["caption"]
        rows = torch.arange(len(captions), device=captions.device)
        chosen = torch.randint(captions.shape[1], (len(captions),), device=captions.device)
        return self.embedding.loss(real.images, captions[rows, chosen], real.labels)

    def draws(self, real: ImageBatch) -> list[dict[str, Any]]:
        """The arguments of the losses of D and G."""
        raise NotImplementedError

    def discriminator_loss(self, **drawn: Any) -> Tensor:
        """The loss of D."""
        raise NotImplementedError

    def generator_loss(self, **drawn: Any) -> Tensor:
        """The loss of G."""
        raise NotImplementedError

    def condition(self, given: Mapping[str, Tensor]) -> list[Tensor]:
        """The embeddings t (B, E) of captions (B, K, length), and whatever else is asked for."""
        return [self.embedding.text(given["caption"]), *(given[name] for name in self.asks if name != "caption")]

    def noise(self, t: Tensor, generator: Generator | None = None) -> Tensor:
        """New noise z (B, latent) for embeddings t (B, E)."""
        z = torch.randn(len(t), self.latent, generator=generator, device=drawing_device(generator, t.device))
        return z.to(t)

    def judge(self, images: Tensor, *condition: Tensor) -> Tensor:
        """Logits (B,) of images (B, C, H, W) with what they were asked for by."""
        return at_least_float32(self.discriminator(images, *condition))

    @in_inference
    def sample_given(self, given: Mapping[str, Tensor], generator: Generator | None = None) -> Tensor:
        """Images (n, C, H, W) in [-1, 1] of captions (n, K, length), whose mean embedding counts, and places, if any.

        Raises:
            GenzooError: something is missing, or of another shape.
        """
        check_asked(given, self.asks)
        parts = zip(*(given[name].to(self.device).split(self.sampling_batch) for name in self.asks), strict=True)
        conditions = [self.condition(dict(zip(self.asks, part, strict=True))) for part in parts]
        return torch.cat([self.generator(self.noise(c[0], generator), *c) for c in conditions])


def check_asked(given: Mapping[str, Tensor], asks: Mapping[str, tuple[int, ...]]) -> None:
    """Checks that everything that a model asks for is given, of its shape.

    Args:
        given: name -> (n, ...); captions (n, K, length) for any K.
        asks: name -> shape of one row.

    Raises:
        GenzooError: names the first that is not.
    """
    captions, (_, length) = given.get("caption"), asks["caption"]
    if captions is None or captions.dim() != 3 or captions.shape[2] != length:
        shape = None if captions is None else tuple(captions.shape)
        raise GenzooError(f"caption: numbers of characters (n, captions, {length}) are needed, not {shape}.")
    for name, wanted in asks.items():
        shape = tuple(given[name].shape) if name in given else None
        if name != "caption" and shape != (len(captions), *wanted):
            raise GenzooError(f"{name}: numbers {(len(captions), *wanted)} are needed, not {shape}.")
