"""The residual variational autoencoder with bidirectional inference."""

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
from genzoo.variational.networks.bidirectional import Evidence, Ladder
from genzoo.variational.posteriors import Posterior


@register
class ResNetVAE(VariationalModel):
    """A ladder of layers of latent feature maps: evidence goes up from the image, then each layer is drawn given those
    above it, from the top down.

    A code is the standard normal noise of all layers' priors, from the top down: parts ``z0``, ``z1`` ...

    Args:
        shape: (C, H, W) of the images.
        channels: feature maps of the deterministic paths.
        latents: latent feature maps of a layer.
        levels: the layers' latent variables lie on the image's size / 2, / 4 ... at so many levels.
        layers: layers a level.
        posterior: factory of each layer's q, called with ``size``.
        kwargs: of ``VariationalModel``.

    Raises:
        GenzooError: the size cannot be halved so often.

    Source: Kingma et al. 2016, arXiv 1606.04934, section 5; openai/iaf, tf_train.py (``CVAE1``). Unlike there, the
        data-dependent initialisation sees draws from the posterior, not from the prior.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        channels: int,
        latents: int,
        levels: int,
        layers: int,
        posterior: Callable[..., Posterior],
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for key, value in (("channels", channels), ("latents", latents), ("levels", levels), ("layers", layers)):
            check_positive(f"model.{key}", value)
        n, height, width = self.image_shape = tuple(shape)
        if height % 2**levels or width % 2**levels:
            raise GenzooError(
                f"model.levels={levels}: they halve the image {levels} times, which data.size={height} cannot be; "
                f"choose a multiple of {2**levels} pixels or fewer levels."
            )
        self.ladder = Ladder(shape, self.likelihood.outputs(n), channels, latents, levels, layers, posterior)
        self.latent = Latent(
            **{f"z{i}": Normal(torch.Size(code).numel()) for i, code in enumerate(self.ladder.code_shapes)}
        )

    def networks(self) -> list[nn.Module]:
        """The ladder and the likelihood's scale."""
        return [self.ladder, self.likelihood]

    def compile_networks(self) -> None:
        """Compiles what each layer does on its way up and on its way down."""
        for layer in (*self.ladder.ups, *self.ladder.downs):
            layer.compile()

    def recognise(self, images: Tensor) -> list[Evidence]:
        """Each layer's evidence, from the top down. The networks see pixels in [-0.5, 0.5]."""
        return self.ladder.up(to_unit(images) - 0.5)

    def terms(self, images: Tensor, recognised: list[Evidence], generator: Generator | None = None) -> Terms:
        """Draws all layers, each given those above it."""
        x, kl, log_ratio = self.ladder.start(len(images)), {}, torch.zeros(len(images), device=images.device)
        for name, layer, evidence in zip(self.latent.parts, self.ladder.downs, recognised, strict=True):
            x, drawn = layer(x, evidence, standard_noise(evidence.mean, generator))
            kl[name] = drawn.kl.sum((2, 3))
            log_ratio = log_ratio + drawn.log_ratio.sum((1, 2, 3))
        return Terms(self.likelihood.log_prob(images, self.ladder.end(x)).sum((1, 2)), kl, log_ratio)

    def parameters_of(self, z: Tensor) -> Tensor:
        """What the priors' draws from the noise (B, latent.width) end in."""
        x, noise = self.ladder.start(len(z)), self.latent.split(z).values()
        for layer, part, shape in zip(self.ladder.downs, noise, self.ladder.code_shapes, strict=True):
            x = layer.generate(x, part.unflatten(1, shape))
        return self.ladder.end(x)

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """The priors' noise (B, latent.width) that gives the posteriors' draws of noise 0."""
        x, codes = self.ladder.start(len(images)), []
        for layer, evidence in zip(self.ladder.downs, self.recognise(images), strict=True):
            x, code = layer.encode(x, evidence)
            codes.append(code.flatten(1))
        return torch.cat(codes, 1)
