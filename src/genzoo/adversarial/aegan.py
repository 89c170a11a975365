"""AEGAN: a GAN whose generator an encoder then learns to invert."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import mse_loss

from genzoo.adversarial.encoded import EncodedGame
from genzoo.adversarial.gan import GAN
from genzoo.adversarial.networks import base
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_first_phase, check_positive, check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.conditionals import Deterministic


@register
class AEGAN(EncodedGame, GAN):
    """A GAN for ``game_rounds`` rounds; in the rounds after them an encoder E learns the inverse of its generator G.

    E minimises λ_z |z - E(G(z))|² + λ_x |x - G(E(x))|² + λ_f |f(x) - f(G(E(x)))|² with codes z of the prior and real
    images x. Each term is a mean over all numbers; f are the discriminator's ``features``. G and D stay as they are, in
    the mode in which images are decoded (averaged, if they have averages).

    Args:
        encoder: factory of the network that maps images to codes, see ``EncodedGame``.
        game_rounds: rounds of the GAN.
        code_weight, image_weight, feature_weight: λ_z, λ_x and λ_f; 0 = no such term.
        kwargs: of ``GAN``; the players are ``discriminator``, ``generator`` and ``encoder``.

    Raises:
        GenzooError: a number is out of range, or λ_f is positive and the discriminator has no features.

    Source: Luo et al. 2017, arXiv 1703.10094 (its losses are unverified). Without λ_z: f-AnoGAN, tSchlegl/f-AnoGAN,
        z_encoding_izif.py, and iGAN, junyanz/iGAN, train_dcgan/train_predict_z.py. λ_z alone: IcGAN (Perarnau et al.
        2016, arXiv 1611.06355; unverified).
    """

    def __init__(
        self,
        encoder: Callable[..., nn.Module],
        game_rounds: int,
        code_weight: float,
        image_weight: float,
        feature_weight: float,
        **kwargs: Any,
    ):
        super().__init__(encoder=encoder, conditional=Deterministic(), **kwargs)
        check_positive("model.game_rounds", game_rounds)
        self.game_rounds = game_rounds
        self.weights = {"code": code_weight, "image": image_weight, "feature": feature_weight}
        check_weights(self.weights)
        if not any(self.weights.values()):
            raise GenzooError("model.code_weight, image_weight, feature_weight: all are 0; set one to 1.")
        if feature_weight:
            check_network(self.discriminator, base.FeatureNetwork, "model.discriminator")

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator, the generator and the encoder."""
        return super().players() | {"encoder": [self.encoder]}

    def turns(self) -> tuple[Turn, ...]:
        """The turns of the game, and that of the encoder; those of the other phase have 0 repeats."""
        game = (turn.in_rounds(end=self.game_rounds) for turn in super().turns())
        encoder = Turn({"encoder": self.encoder_loss}, (self.real_stream(),))
        return (*game, encoder.in_rounds(self.game_rounds))

    def on_fit_start(self) -> None:
        """Also checks that the run has rounds for the encoder.

        Raises:
            GenzooError: it has not.
        """
        super().on_fit_start()
        check_first_phase("model.game_rounds", self.game_rounds, self.trainer.datamodule.rounds, "the encoder")

    def encoder_loss(self, real: ImageBatch) -> Tensor:
        """The encoder's loss, a scalar; the terms are recorded by their names."""
        x, errors = real.images, {}
        if self.weights["code"]:
            z = self.codes(real)
            errors["code"] = mse_loss(self.infer(self.decode(z)), z)
        if self.weights["image"] or self.weights["feature"]:
            codes = self.infer(x)
            with self.differentiable():
                rebuilt = at_least_float32(self.decode(codes))
                errors["image"] = mse_loss(rebuilt, x)
                if self.weights["feature"]:
                    errors["feature"] = mse_loss(self.judged(rebuilt), self.judged(x))
        for name, error in errors.items():
            self.meters.log(f"inverse/{name}", error)
        return sum((self.weights[name] * error for name, error in errors.items()), start=x.new_zeros(()))

    def judged(self, images: Tensor) -> Tensor:
        """The discriminator's features (B, F) of images, each independent of the other images."""
        with self.inference("running"):
            return at_least_float32(self.discriminator.features(images))
