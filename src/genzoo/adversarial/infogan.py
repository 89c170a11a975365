"""InfoGAN: a GAN with codes that can be inferred from the images."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import InfersCodes
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.nn.posteriors import Posterior


@register
class InfoGAN(GAN):
    """A GAN that maximises the mutual information between some parts c of the latent code and the generated images.

    Both players maximise the bound L_I = E[log Q(c|G(z, c))] + H(c) ≤ I(c; G(z, c)), where Q is a head on the
    discriminator's features. Q is trained with the discriminator, by its optimizer.

    Args:
        q_head: factory of Q: called with ``features`` and ``outputs``, the widths of its input and output.
        posteriors: part of the latent -> family of Q(part|x); parts without one are noise.
        information_weight: part -> λ, its weight in both losses.
        kwargs: of ``GAN``; the discriminator is a linear ``head`` on ``features``, which Q shares.

    Source: Chen et al. 2016, arXiv 1606.03657, equations 5 and 6; openai/InfoGAN, infogan/algos/infogan_trainer.py.
    """

    needs = base.FeatureDiscriminator

    def __init__(
        self,
        q_head: Callable[..., nn.Module],
        posteriors: Mapping[str, Posterior],
        information_weight: Mapping[str, float],
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        parts = self.latent.parts
        for key, names in (("posteriors", posteriors), ("information_weight", information_weight)):
            if unknown := [name for name in names if name not in parts]:
                raise GenzooError(f"model.{key}.{unknown[0]}: no such part of the latent. Parts: {', '.join(parts)}.")
        if missing := [name for name in posteriors if name not in information_weight]:
            raise GenzooError(f"model.information_weight.{missing[0]}: missing; give the weight of this code.")
        self.posteriors, self.information_weight = dict(posteriors), dict(information_weight)
        self.inferred = {name: parts[name] for name in self.posteriors}
        self._outputs = {name: q.parameters(parts[name].size) for name, q in self.posteriors.items()}
        self.q_head = q_head(features=self.discriminator.head.in_features, outputs=sum(self._outputs.values()))

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator's parameters include those of Q."""
        return {"discriminator": [self.discriminator, self.q_head], "generator": [self.generator]}

    def capabilities(self) -> frozenset[type]:
        """It infers codes, too."""
        return super().capabilities() | {InfersCodes}

    def information(self, z: Tensor, features: Tensor) -> Tensor:
        """Σ λ L_I(part), in nats, of codes (B, latent.width) and the features (B, F) of their images.

        The bound of each part is logged as ``information/<part>``.
        """
        codes, parameters = self.latent.split(z), self._posterior_parameters(features)
        total = z.new_zeros(())
        for name, q in self.posteriors.items():
            bound = q.log_prob(codes[name], parameters[name]).mean() + self.latent.parts[name].entropy
            self.meters.log(f"information/{name}", bound)
            total = total + self.information_weight[name] * bound
        return total

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective and its penalties, minus λ L_I."""
        images, (z, fake) = self.real_images(real), self.detached_fakes(real, made)
        logits, features = self.discriminate(images, real), self.discriminator.features(fake)
        loss = self.objective.discriminator(logits, self.logits(features)) - self.information(z, features)
        return loss + self.penalty(real, images, fake)

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective minus λ L_I."""
        z, fake = made or self.make(real)
        features = self.discriminator.features(fake)
        return self.generator_objective(real, features) - self.information(z, features)

    @in_inference
    def infer_codes(self, images: Tensor) -> dict[str, Tensor]:
        """The mean of Q(part|x): part -> (B, size). With batch statistics, batches should mix images of all classes."""
        parameters = self._posterior_parameters(self.discriminator.features(images))
        return {name: q.mean(parameters[name]) for name, q in self.posteriors.items()}

    def _posterior_parameters(self, features: Tensor) -> dict[str, Tensor]:
        outputs = at_least_float32(self.q_head(features)).split(list(self._outputs.values()), dim=1)
        return dict(zip(self._outputs, outputs, strict=True))
