"""IcGAN: a conditional GAN, inverted by two encoders, so that attributes of images can be edited."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.attributes import Attributes, Classes, signs
from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch
from genzoo.core.capabilities import EditsAttributes, Encodes
from genzoo.core.checks import check_attributes, check_first_phase, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.randomness import other_rows
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.objectives import Objective


@register
class ICGAN(Game):
    """A code consists of noise z and attributes y, each ±1; in the first rounds a conditional GAN is trained:

        D minimises     (L_D(D(x, y), D(G(z, y'), y')) + L_D(D(x, y), D(x, ŷ))) / 2,
        G minimises     L_G(D(G(z, y'), y')),

    with real images x and their attributes y, attributes y' of other real images, and wrong ones ŷ ≠ y. Then G stays as
    it is, and the encoders minimise mean (E_z(G(z, y')) - z)², on generated images alone, and mean (E_y(x) - y)², on
    real ones. An edited image is G(E_z(x), sign E_y(x) with some entries changed).

    Args:
        objective: L_D and L_G.
        noise_encoder, attribute_encoder: factories of E_z and E_y, called with ``outputs``, the width of the code.
        game_rounds: number of rounds of the GAN.
        kwargs: of ``Game``. The latent code has a part ``attributes``, an ``Attributes`` or a ``Classes``; the
            discriminator takes images and attributes. The encoders' players are ``noise_encoder`` and
            ``attribute_encoder``.

    Raises:
        GenzooError: the latent code has no such part, networks do not fit, or the number of rounds is not positive.

    Source: Perarnau et al. 2016, arXiv 1611.06355; Guim3/IcGAN, trainGAN.lua, trainEncoder.lua, data/donkey_celebA.lua,
        generation/reconstructWithVariations.lua (signs of E_y).
    """

    needs = base.PairDiscriminator

    def __init__(
        self,
        objective: Objective,
        noise_encoder: Callable[..., nn.Module],
        attribute_encoder: Callable[..., nn.Module],
        game_rounds: int,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_positive("model.game_rounds", game_rounds)
        part = self.latent.parts.get("attributes")
        if not isinstance(part, Attributes | Classes):
            raise GenzooError("model.latent.attributes: a part Attributes or Classes is needed.")
        if self.discriminator.latent != part.size:
            raise GenzooError(
                f"model.discriminator.latent={self.discriminator.latent}: the number of attributes, {part.size}, is "
                "needed."
            )
        self.objective, self.game_rounds = objective, game_rounds
        self.known, self.attributes, self.pool = part, part.names, part.pool
        self.noise = self.latent.without("attributes")
        self.noise_encoder = noise_encoder(outputs=self.noise.width)
        self.attribute_encoder = attribute_encoder(outputs=part.size)
        for key in ("noise_encoder", "attribute_encoder"):
            check_network(getattr(self, key), base.Encoder, f"model.{key}")
            base.check_shape(getattr(self, key), self.image_shape, f"model.{key}")

    def players(self) -> dict[str, list[nn.Module]]:
        """The players of the game, and the encoders."""
        encoders = {"noise_encoder": [self.noise_encoder], "attribute_encoder": [self.attribute_encoder]}
        return super().players() | encoders

    def turns(self) -> tuple[Turn, ...]:
        """The turns of the game in the first rounds, then those of the encoders."""
        first, real = self.game_rounds, (self.real_stream(),)
        return (
            *(turn.in_rounds(end=first) for turn in super().turns()),
            Turn({"noise_encoder": self.noise_loss}, real, draws=self.draw_generated).in_rounds(first),
            Turn({"attribute_encoder": self.attribute_loss}, real).in_rounds(first),
        )

    def on_fit_start(self) -> None:
        """Raises a GenzooError, too, if the run has no rounds for the encoders."""
        super().on_fit_start()
        check_first_phase("model.game_rounds", self.game_rounds, self.trainer.datamodule.rounds, "the encoders")

    def capabilities(self) -> frozenset[type]:
        """It encodes and edits attributes, too."""
        return super().capabilities() | {Encodes, EditsAttributes}

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Raises a GenzooError, too, for data without the attributes."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        self.known.check(data)

    def codes(self, real: ImageBatch) -> Tensor:
        """Codes (B, latent.width) of noise z and attributes y' of other real images."""
        return self.latent.join(self.latent.split(super().codes(real)) | {"attributes": self.known.of(real).roll(1, 0)})

    def discriminate(self, images: Tensor, attributes: Tensor) -> Tensor:
        """The discriminator's logits (B,) of images and attributes."""
        return at_least_float32(self.discriminator(images, attributes))

    def discriminate_made(self, made: Made) -> Tensor:
        """The discriminator's logits (B,) of generated images and the attributes that they were generated from."""
        codes, images = made
        return self.discriminate(images, self.latent.split(codes)["attributes"])

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The mean of the objective's losses against generated images and against wrong attributes."""
        y = self.known.of(real)
        right, wrong = self.discriminate(real.images, y), self.discriminate(real.images, y[other_rows(y)])
        fake = self.discriminate_made(self.detached_fakes(real, made))
        return (self.objective.discriminator(right, fake) + self.objective.discriminator(right, wrong)) / 2

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective of as many generated images as real ones."""
        return self.objective.generator(self.discriminate_made(made or self.make(real)))

    def draw_generated(self, real: ImageBatch) -> Iterator[dict[str, Made]]:
        """Yields, once, codes and their images, as they are at inference, as many as real images."""
        codes = self.codes(real)
        with self.inference():
            images = self.generate(codes)
        yield {"made": (codes, images)}

    def noise_loss(self, made: Made) -> Tensor:
        """The mean squared error of E_z for the noise of generated images."""
        codes, images = made
        noise = self.noise.join(self.latent.split(codes))
        return F.mse_loss(at_least_float32(self.noise_encoder(images)), noise)

    def attribute_loss(self, real: ImageBatch) -> Tensor:
        """The mean squared error of E_y for the attributes of real images."""
        return F.mse_loss(at_least_float32(self.attribute_encoder(real.images)), self.known.of(real))

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """Codes (B, latent.width) of images (B, C, H, W) in [-1, 1]: E_z(x) and E_y(x)."""
        parts = self.noise.split(self.noise_encoder(images))
        return self.latent.join(parts | {"attributes": self.attribute_encoder(images)})

    @in_inference
    def edit(self, images: Tensor, values: Mapping[str, float]) -> Tensor:
        """See ``EditsAttributes``; the other attributes are those that E_y finds."""
        check_attributes(values, self.attributes)
        parts = self.latent.split(self.encode(images))
        y = signs(parts["attributes"] > 0)
        for name, value in values.items():
            y[:, self.attributes.index(name)] = 2 * value - 1
        return self.decode(self.latent.join(parts | {"attributes": y}))
