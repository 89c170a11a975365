"""The residual variational autoencoder: a ladder of layers of latent feature maps."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_unit
from genzoo.core.inference import in_inference
from genzoo.core.latent import Latent, Normal
from genzoo.core.registry import register
from genzoo.variational.gaussian import standard_noise
from genzoo.variational.model import Terms, VariationalModel
from genzoo.variational.networks.ladder import Ladder
from genzoo.variational.posteriors import Posterior


@register
class ResNetVAE(VariationalModel):
    """A ladder of layers of latent feature maps; the prior of each layer depends on the layers above.

    A code is the standard normal noise of all layers' priors, from top to bottom: parts ``z0``, ``z1`` ...

    Args:
        shape: (C, H, W) of the images.
        channels: feature maps of the deterministic paths.
        latents: latent feature maps per layer.
        levels: number of resolutions of the latent variables: the image's size / 2, / 4 ...
        layers: layers per level.
        posterior: factory of each layer's q, called with ``size``.
        ladder: class that defines the direction of inference, such as ``Bidirectional``.
        kwargs: arguments of ``VariationalModel``.

    Raises:
        GenzooError: the size cannot be halved that many times.

    Source: Kingma et al. 2016, arXiv 1606.04934, section 5; openai/iaf, tf_train.py (``CVAE1``). Unlike there, the
        data-dependent initialisation uses draws from the posterior, not from the prior.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        channels: int,
        latents: int,
        levels: int,
        layers: int,
        posterior: Callable[..., Posterior],
        ladder: Callable[..., Ladder],
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for key, value in (("channels", channels), ("latents", latents), ("levels", levels), ("layers", layers)):
            check_positive(f"model.{key}", value)
        n, height, width = self.image_shape = tuple(shape)
        if height % 2**levels or width % 2**levels:
            raise GenzooError(
                f"model.levels={levels}: they halve the image {levels} times, which data.size={height} does not allow; "
                f"choose a multiple of {2**levels} pixels or fewer levels."
            )
        self.ladder = ladder(shape, self.likelihood.outputs(n), channels, latents, levels, layers, posterior)
        self.latent = Latent(
            **{f"z{i}": Normal(torch.Size(code).numel()) for i, code in enumerate(self.ladder.code_shapes)}
        )

    def networks(self) -> list[nn.Module]:
        """The ladder and the likelihood's scale."""
        return [self.ladder, self.likelihood]

    def compile_networks(self) -> None:
        """Compiles the way up and the way down of each layer."""
        for layer in (*self.ladder.ups, *self.ladder.downs):
            layer.compile()

    def recognise(self, images: Tensor) -> Any:
        """Returns the ladder's features that do not depend on draws. Inputs are scaled to [-0.5, 0.5]."""
        return self.ladder.recognise(to_unit(images) - 0.5)

    def terms(self, images: Tensor, recognised: Any, generator: Generator | None = None) -> Terms:
        """Draws all layers."""
        shapes = [images.new_empty(len(images), *code) for code in self.ladder.code_shapes]
        parameters, layers = self.ladder.infer(recognised, [standard_noise(like, generator) for like in shapes])
        kl, log_ratios = {}, []
        for name, (drawn, prior) in zip(self.latent.parts, layers, strict=True):
            divergence, log_ratio = drawn.against(prior)
            kl[name] = divergence.sum((2, 3))
            log_ratios.append(log_ratio.sum((1, 2, 3)))
        return Terms(self.likelihood.log_prob(images, parameters).sum((1, 2)), kl, sum(log_ratios))

    def parameters_of(self, z: Tensor) -> Tensor:
        """Returns the ladder's output for priors drawn with the noise (B, latent.width)."""
        noise = zip(self.latent.split(z).values(), self.ladder.code_shapes, strict=True)
        return self.ladder.generate([part.unflatten(1, code) for part, code in noise])

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """Returns the noise of the priors (B, latent.width) whose draws equal the posteriors' draws with noise 0."""
        noise = [images.new_zeros(images.shape[0], *code) for code in self.ladder.code_shapes]
        _, layers = self.ladder.infer(self.recognise(images), noise)
        return torch.cat([prior.noise_of(drawn.z).flatten(1) for drawn, prior in layers], 1)
