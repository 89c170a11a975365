"""GAN-INT-CLS: images of captions."""

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
from genzoo.core.randomness import drawing_device, other_rows
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.joint_embedding import JointEmbedding
from genzoo.nn.objectives import Objective


@register
class TextGAN(ImageModule):
    """A discriminator judges whether an image is real and is what its caption says.

    In the first rounds φ, the embedding of captions, is trained together with one of images. Then it stays as it is.
    With t = φ(caption) of each image x, wrong images x̂ of another class, and noise z ~ N(0, I),

        D minimises    ℓ₁(D(x, t)) + w ℓ₀(D(x̂, t)) + (1 - w) ℓ₀(D(G(z, t), t)),    if w = 0: both weights 1,
        G minimises    (Σ_b ℓ_G(D(G(z, t_b), t_b)) + v Σ_j ℓ_G(D(G(z, s_j), s_j))) / (1.5 B),

    where s_j = (t_j + t_{j+B/2}) / 2 for the B/2 pairs of a batch of B, which D never sees as fakes in its own loss.

    Args:
        embedding: φ and the embedding of images.
        generator, discriminator: factories of G and D, called with ``embedding``, the width of t, and G with
            ``latent``, that of z.
        objective: ℓ.
        embedding_rounds: rounds of the embedding.
        latent: width of z.
        mismatch_weight, interpolation_weight: w and v.
        kwargs: of ``ImageModule``; the players are ``embedding``, ``discriminator`` and ``generator``.

    Raises:
        GenzooError: a number is out of range.

    Source: Reed et al. 2016, arXiv 1605.05396, section 4; reedscot/icml2016, main_cls_int.lua.
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
        interpolation_weight: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_positive("model.embedding_rounds", embedding_rounds)
        check_positive("model.latent", latent)
        self.weights = {"mismatch": mismatch_weight, "interpolation": interpolation_weight}
        check_weights(self.weights)
        if mismatch_weight > 1:
            raise GenzooError(f"model.mismatch_weight={mismatch_weight}: a number from 0 to 1 is needed.")
        width = embedding.text_encoder.outputs
        self.embedding, self.objective, self.latent = embedding, objective, latent
        self.generator = generator(latent=latent, embedding=width)
        self.discriminator = discriminator(embedding=width)
        self.embedding_rounds, self.image_shape = embedding_rounds, self.generator.shape
        self.asks = {"caption": (1, embedding.text_encoder.length)}  # or more captions than one, whose mean counts

    def players(self) -> dict[str, list[nn.Module]]:
        """The embedding, the discriminator and the generator."""
        return {
            "embedding": [self.embedding],
            "discriminator": [self.discriminator],
            "generator": [self.generator],
        }

    def turns(self) -> tuple[Turn, ...]:
        """The embedding's turn, later the discriminator's and the generator's, on one batch."""
        real, end = (Stream("real"),), self.embedding_rounds
        losses = {"discriminator": self.discriminator_loss, "generator": self.generator_loss}
        return (
            Turn({"embedding": self.embedding_loss}, real, lambda round: int(round < end)),
            Turn(losses, real, lambda round: int(round >= end), draws=self.draws, at_once=False),
        )

    def on_fit_start(self) -> None:
        """Raises a GenzooError, too, if the run has no rounds for images."""
        super().on_fit_start()
        check_first_phase("model.embedding_rounds", self.embedding_rounds, self.trainer.datamodule.rounds, "images")

    def capabilities(self) -> frozenset[type]:
        """It draws images of captions."""
        return frozenset({SamplesGiven})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data without captions, or with longer ones."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        if "caption" not in data.given:
            raise GenzooError(
                f"data={data.name} has no captions, but the model needs them; choose data=captioned_shapes."
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

    @torch.no_grad()
    def draws(self, real: ImageBatch) -> list[dict[str, Any]]:
        """The losses' arguments: the images, and the embeddings t (B, E) of their captions."""
        return [{"real": real, "t": self.embedding.text(real.given["caption"])}]

    def discriminator_loss(self, real: ImageBatch, t: Tensor) -> Tensor:
        """The loss of D."""
        with torch.no_grad():
            fake = self.draw(t)
        w = self.weights["mismatch"]
        of_real, of_fake = self.judge(real.images, t), self.judge(fake, t)
        if not w:
            return self.objective.discriminator(of_real, of_fake)
        wrong = real.images[other_rows(real.labels[:, None])]
        # Each term has the loss of the real pair, so that the weights w and 1 - w leave it a weight of 1.
        against_wrong = self.objective.discriminator(of_real, self.judge(wrong, t))
        return w * against_wrong + (1 - w) * self.objective.discriminator(of_real, of_fake)

    def generator_loss(self, real: ImageBatch, t: Tensor) -> Tensor:
        """The loss of G, on noise of its own."""
        half = len(t) // 2
        between = (t[:half] + t[half : 2 * half]) / 2
        loss = self.objective.generator(self.judge(self.draw(t), t))
        if v := self.weights["interpolation"]:
            loss = loss + v / 2 * self.objective.generator(self.judge(self.draw(between), between))
        return loss / 1.5

    def draw(self, t: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H, W) of embeddings t (B, E) and new noise."""
        z = torch.randn(len(t), self.latent, generator=generator, device=drawing_device(generator, t.device))
        return self.generator(z.to(t), t)

    def judge(self, images: Tensor, t: Tensor) -> Tensor:
        """Logits (B,) of images (B, C, H, W) with embeddings t (B, E)."""
        return at_least_float32(self.discriminator(images, t))

    @in_inference
    def sample_given(self, given: Mapping[str, Tensor], generator: Generator | None = None) -> Tensor:
        """Images (n, C, H, W) in [-1, 1] of captions (n, K, length): the embedding is the mean of K.

        Raises:
            GenzooError: there are no captions, or they have another shape.
        """
        captions, (_, length) = given.get("caption"), self.asks["caption"]
        if captions is None or captions.dim() != 3 or captions.shape[2] != length:
            shape = None if captions is None else tuple(captions.shape)
            raise GenzooError(f"caption: numbers of characters (n, captions, {length}) are needed, not {shape}.")
        parts = captions.to(self.device).split(self.sampling_batch)
        return torch.cat([self.draw(self.embedding.text(part), generator) for part in parts])
