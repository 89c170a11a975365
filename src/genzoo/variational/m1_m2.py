"""M1+M2: M2 on the codes of a variational autoencoder, M1, which is trained before it without labels."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.checks import check_first_phase, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import gather_over_ranks
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.variational.gaussian import Gaussian, standard
from genzoo.variational.m2 import M2
from genzoo.variational.model import Terms
from genzoo.variational.posteriors import draw_gaussian


@register
class M1M2(M2):
    """p(x, z₁, y, z₂) = p(x|z₁) p(z₁|y, z₂) p(y) p(z₂); M1 is p(x|z₁) and q(z₁|x), M2 the rest, with observations z₁.

    In the first rounds M1 minimises -E log p(x|z₁) + KL(q(z₁|x) || N(0, 1)). Then it stays as it is, and M2 is trained
    on draws z₁ ~ q(z₁|x), new ones in each round. M2 sees the features that M1 uses, those whose mean under q(z₁|x)
    varies between images; p(z₁|y, z₂) of the others is N(0, 1). Images are classified by q(y|z₁) at the mean of z₁.

    Args:
        feature_encoder: factory of q(z₁|x), called with ``outputs``: images -> means and log standard deviations.
        feature_decoder: factory of p(x|z₁), called with ``latent`` and ``outputs``: z₁ -> (B, outputs, H, W).
        m1_rounds: rounds of M1.
        min_std: M2 sees a feature if the standard deviation of its mean over images is larger.
        kwargs: of ``M2``. Its networks have the shape (1, 1, number of features) and take features (B, features); the
            decoder returns means and log standard deviations (B, 2, 1, features). The players are ``m1`` and ``m2``.

    Raises:
        GenzooError: a number of rounds is not positive; in the first round of M2, if no feature is left.

    Source: Kingma et al. 2014, arXiv 1406.5298, section 2; dpkingma/nips14-ssl, learn_yz_x_ss.py: ``mnist_2layer``.
    """

    kept: Tensor  #: 1 = M2 sees this feature, (features,)

    def __init__(
        self,
        feature_encoder: Callable[..., nn.Module],
        feature_decoder: Callable[..., nn.Module],
        m1_rounds: int,
        min_std: float = 0.1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_positive("model.m1_rounds", m1_rounds)
        self.m1_rounds, self.min_std = m1_rounds, min_std
        *_, features = self.encoder.shape
        self.feature_encoder = feature_encoder(outputs=2 * features)
        self.image_shape = tuple(self.feature_encoder.shape)
        outputs = self.likelihood.outputs(self.image_shape[0])
        self.feature_decoder = feature_decoder(latent=features, outputs=outputs)
        self.register_buffer("kept", torch.ones(features))

    def decoder_outputs(self) -> int:
        """The mean and the log standard deviation of each feature."""
        return 2

    def players(self) -> dict[str, list[nn.Module]]:
        """M1 and M2."""
        return {
            "m1": [self.feature_encoder, self.feature_decoder, self.likelihood],
            "m2": [self.classifier, self.encoder, self.decoder],
        }

    def turns(self) -> tuple[Turn, ...]:
        """M1's turn, the choice of features before the first round of M2, and M2's turn."""
        labelled, unlabelled, end = Stream("labelled", "labelled"), Stream("unlabelled"), self.m1_rounds
        m2 = Turn({"m2": self.semi_supervised_loss}, (labelled, unlabelled), draws=self.draw_features)
        return (
            Turn({"m1": self.m1_loss}, (unlabelled,)).in_rounds(end=end),
            Turn({}, (unlabelled._replace(batches=10),), draws=self.choose_features).in_rounds(end, end + 1),
            m2.in_rounds(end),
        )

    def on_fit_start(self) -> None:
        """Raises a GenzooError, too, if the run has no rounds for M2."""
        super().on_fit_start()
        check_first_phase("model.m1_rounds", self.m1_rounds, self.trainer.datamodule.rounds, "M2")

    def recognise(self, images: Tensor) -> Gaussian:
        """Returns q(z₁|x)."""
        return Gaussian(*at_least_float32(self.feature_encoder(images)).chunk(2, 1))

    def log_likelihood(self, images: Tensor, z1: Tensor) -> Tensor:
        """Returns log p(x|z₁) in nats (B,) of images (B, C, H, W) and features (B, features)."""
        return self.likelihood.log_prob(images, self.feature_decoder(z1)).sum((1, 2))

    def m1_loss(self, unlabelled: ImageBatch) -> Tensor:
        """-E log p(x|z₁) + KL(q(z₁|x) || N(0, 1))."""
        drawn = draw_gaussian(self.recognise(unlabelled.images))
        kl, log_ratio = drawn.against(standard(drawn.z))
        likelihood = self.log_likelihood(unlabelled.images, drawn.z)
        return self.objective(Terms(likelihood, {"features": kl}, log_ratio.sum(1)), "m1/")

    @torch.no_grad()
    def choose_features(self, unlabelled: ImageBatch) -> tuple[()]:
        """Keeps the features whose mean under q(z₁|x) varies between images.

        Raises:
            GenzooError: none does.
        """
        means = gather_over_ranks(self.recognise(unlabelled.images).mean)
        self.kept.copy_(means.std(0, correction=0) > self.min_std)
        self.meters.log("kept_features", self.kept.sum())
        if not self.kept.any():
            raise GenzooError(
                f"model.min_std={self.min_std}: no feature of M1 varies more; choose a smaller one, or more rounds of "
                "M1 (model.m1_rounds)."
            )
        return ()

    @torch.no_grad()
    def draw_features(self, **streams: ImageBatch) -> Iterator[Mapping[str, ImageBatch]]:
        """Yields the streams once, with features z₁ (B, features) drawn for their images; 0 for those not kept."""
        features = {name: draw_gaussian(self.recognise(batch.images)).z for name, batch in streams.items()}
        yield {name: batch._replace(images=self.kept * features[name]) for name, batch in streams.items()}

    def observed(self, images: Tensor) -> Tensor:
        """The means (B, features) of z₁ for images (B, C, H, W); 0 for those not kept."""
        return self.kept * self.recognise(images).mean

    def log_prob_of(self, x: Tensor, parameters: Tensor) -> Tensor:
        """Returns log p(z₁|y, z₂) in nats (B,) of the features that M2 sees."""
        mean, log_std = parameters.flatten(2).unbind(1)
        return (self.kept * Gaussian(mean, log_std).log_prob(x)).sum(1)

    def terms(self, images: Tensor, recognised: Gaussian, generator: Generator | None = None) -> Terms:
        """The terms of the bound of log p(x), of one draw of z₁ and, for each class, one of z₂ given z₁.

        ``features`` is log q(z₁|x) - E log p(z₁|y, z₂) of the draws.
        """
        z1, log_q, _ = draw_gaussian(recognised, generator)
        unseen = (1 - self.kept) * standard(z1).log_prob(z1)
        m2 = self.joint.of_all_classes(self.kept * z1, self.joint.recognise(self.kept * z1), generator)
        features = (log_q - unseen).sum(1) - m2.log_likelihood
        return Terms(self.log_likelihood(images, z1), {"features": features[:, None], **m2.kl}, features + m2.log_ratio)

    def parameters_of(self, z: Tensor) -> Tensor:
        """The parameters of p(x|z₁) at the mean of p(z₁|y, z₂), for codes (B, latent.width) of y and z₂."""
        return self.feature_decoder(self.kept * self.decoder(z)[:, 0].flatten(1))
