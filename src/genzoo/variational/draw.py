"""DRAW: images drawn step by step onto a canvas."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.core.capabilities import Bound, Drawing, DrawsSequentially
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels, to_unit
from genzoo.core.inference import in_inference
from genzoo.core.latent import Latent, Normal
from genzoo.core.registry import register
from genzoo.variational.gaussian import Gaussian, standard, standard_noise
from genzoo.variational.model import Terms, VariationalModel
from genzoo.variational.networks.draw import Decoder, Encoder


@register
class DRAW(VariationalModel):
    """A variational autoencoder that draws in steps; in each step the encoder sees the canvas.

    For t = 1 .. T the encoder reads the image x and the error x̂ = x - σ(c) of the canvas c, and outputs q(z_t); the
    decoder maps z_t to an addition to the canvas. The last canvas is the parameters of p(x|z), and σ(c) is its mean;
    for binary pixels they are logits. p(z_t) is N(0, I). The latent code is the concatenation of z_1 .. z_T.

    Args:
        shape: (C, H, W) of the images.
        steps: T.
        hidden: width of the LSTMs of encoder and decoder.
        units: latent variables per step.
        reader: factory of the encoder's read operation, called with ``shape`` and ``hidden``.
        writer: factory of the decoder's write operation, called with the same.
        kwargs: arguments of ``VariationalModel``.

    Raises:
        GenzooError: a number is not positive.

    Source: Gregor et al. 2015, arXiv 1502.04623, section 2; jbornschein/draw, draw/draw.py.

    Example:
        >>> from functools import partial
        >>> from genzoo.nn.likelihoods import Bernoulli
        >>> from genzoo.variational.networks.attention import AttentionReader, AttentionWriter
        >>> grids = {"reader": partial(AttentionReader, size=2), "writer": partial(AttentionWriter, size=5)}
        >>> given = {"likelihood": Bernoulli(), "optimizers": {"model": torch.optim.Adam}}
        >>> draw = DRAW((1, 28, 28), steps=4, hidden=32, units=10, **grids, **given)
        >>> draw.sample(3).shape, draw.encode(torch.ones(3, 1, 28, 28)).shape
        (torch.Size([3, 1, 28, 28]), torch.Size([3, 40]))
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        steps: int,
        hidden: int,
        units: int,
        reader: Callable[..., nn.Module],
        writer: Callable[..., nn.Module],
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for name, number in (("steps", steps), ("hidden", hidden), ("units", units)):
            check_positive(f"model.{name}", number)
        self.image_shape, self.steps = tuple(shape), steps
        self.latent = Latent(z=Normal(steps * units))
        channels, *size = self.image_shape
        canvas = (self.likelihood.outputs(channels), *size)
        self.encoder = Encoder(reader(shape=self.image_shape, hidden=hidden), hidden, units)
        self.decoder = Decoder(writer(shape=canvas, hidden=hidden), canvas, hidden, units)

    def networks(self) -> list[nn.Module]:
        """Encoder and decoder; a call of each is one step, so a step is compiled and not the loop."""
        return [self.encoder, self.decoder, self.likelihood]

    def capabilities(self) -> frozenset[type]:
        """Adds the capability to show intermediate canvases."""
        return super().capabilities() | {DrawsSequentially}

    def recognise(self, images: Tensor) -> Tensor:
        """Returns the images in [0, 1], which the encoder reads in every step."""
        return to_unit(images)

    def infer(self, x: Tensor, noise: Tensor) -> tuple[Gaussian, Tensor, Tensor]:
        """Runs encoder and decoder on images.

        Args:
            x: images in [0, 1], (B, C, H, W).
            noise: standard normal noise of z, (B, latent.width).

        Returns:
            q(z|x) and z, (B, latent.width), and the last canvas, (B, C, H, W).
        """
        canvas, decoding = self.decoder.initial(x.shape[0])
        encoding = self.encoder.initial(x.shape[0])
        posteriors, codes = [], []
        for noise_t in self.by_step(noise):
            error = x - to_unit(self.likelihood.mean(canvas))
            posterior, encoding = self.encoder(x, error, decoding[0], encoding)
            z = posterior.at(noise_t)
            canvas, decoding = self.decoder(z, canvas, decoding)
            posteriors.append(posterior)
            codes.append(z)
        means, log_stds = (torch.cat(of_steps, 1) for of_steps in zip(*posteriors, strict=True))
        return Gaussian(means, log_stds), torch.cat(codes, 1), canvas

    def generate(self, z: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Decodes codes (B, latent.width); yields canvas and hidden vector (B, hidden) after each step."""
        canvas, decoding = self.decoder.initial(z.shape[0])
        for z_t in self.by_step(z):
            canvas, decoding = self.decoder(z_t, canvas, decoding)
            yield canvas, decoding[0]

    def by_step(self, values: Tensor) -> tuple[Tensor, ...]:
        """Splits values (B, latent.width) by step: T tensors (B, units)."""
        return values.chunk(self.steps, 1)

    def terms(self, images: Tensor, recognised: Tensor, generator: Generator | None = None) -> Terms:
        """Draws z_1 .. z_T once, with new noise in each step."""
        noise = standard_noise(images.new_empty(len(images), self.latent.width), generator)
        posterior, z, canvas = self.infer(recognised, noise)
        prior = standard(z)
        log_ratio = (posterior.log_prob_of_noise(noise) - prior.log_prob(z)).sum(1)
        return Terms(self.likelihood.log_prob(images, canvas).sum((1, 2)), {"z": posterior.kl(prior)}, log_ratio)

    @in_inference
    def bound(self, levels: Tensor, generator: Generator | None = None) -> Bound:
        """See ``VariationalModel``; with one KL divergence per step."""
        images = from_levels(levels, self.levels)
        terms = self.terms(images, self.recognise(images), generator)
        steps = enumerate(self.by_step(terms.kl["z"]), start=1)
        return Bound(terms.log_likelihood, {f"step_{t:02d}": kl.sum(1) for t, kl in steps})

    def parameters_of(self, z: Tensor) -> Tensor:
        """Returns the last canvas of codes (B, latent.width)."""
        *_, (canvas, _) = self.generate(z)
        return canvas

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """Returns the code (B, latent.width) of the mean of q(z_t|x) in each step."""
        x = self.recognise(images)
        _, z, _ = self.infer(x, x.new_zeros(x.shape[0], self.latent.width))
        return z

    @in_inference
    def canvases(self, n: int, generator: Generator | None = None) -> Drawing:
        """Yields the stages of drawing n samples, with the writing window if the writer has attention."""
        steps = [
            (self.likelihood.mean(canvas), self.decoder.writer.frames(h))
            for canvas, h in self.generate(self.latent.sample(n, generator, self.device))
        ]
        images, frames = zip(*steps, strict=True)
        return Drawing(torch.stack(images), None if frames[0] is None else torch.stack(frames))
