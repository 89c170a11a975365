"""Base of the autoregressive models: training on the likelihood, and sampling."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.autoregressive.checks import check_pixel
from genzoo.autoregressive.networks.base import CausalNetwork, network_for
from genzoo.autoregressive.progress import shown
from genzoo.autoregressive.receptive_field import receptive_field
from genzoo.autoregressive.sampling.canvas import Canvas, Sampler, Stage
from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import (
    Completes,
    Drawing,
    DrawsSequentially,
    HasReceptiveField,
    MapsLikelihood,
    Samples,
    SamplesAtTemperature,
    SamplesClasses,
    ScoresLikelihood,
)
from genzoo.core.checks import check_images, check_labels, check_levels, check_positive, check_temperature
from genzoo.core.completion import check_completion, upper_half
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.images import from_levels
from genzoo.core.inference import in_inference
from genzoo.core.randomness import drawing_device
from genzoo.core.randomness import generator as fixed_generator
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.data_dependent import initialise_from_data
from genzoo.nn.likelihoods import DrawnLikelihood


@register
class Autoregressive(ImageModule):
    """p(x) = Π p(x_i | x_1 .. x_{i-1}), row by row, within a pixel red, green, blue; trained by maximum likelihood.

    Args:
        shape: (C, H, W) of the images.
        network: factory of the causal network, see ``network_for``. Images depend on a class if the network has a
            condition: the one-hot class, so that its width is the number of classes.
        likelihood: distribution of a pixel, given the network's output.
        sampler: sampling algorithm; all algorithms draw the same images from the same generator.
        temperature: 1 = the model's distribution; lower = likelier images.
        sampling_batch: number of images drawn together.
        initial_images: number of training images for layers with a data-dependent initialisation.
        kwargs: arguments of ``RoundModule``; the one player is ``model``.

    Raises:
        GenzooError: a setting is out of range.

    Source: van den Oord et al. 2016, arXiv 1601.06759, equations 1 and 2.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        network: Callable[..., CausalNetwork],
        likelihood: DrawnLikelihood,
        sampler: Sampler,
        temperature: float = 1.0,
        sampling_batch: int = 100,
        initial_images: int = 100,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_positive("model.sampling_batch", sampling_batch)
        check_positive("model.initial_images", initial_images)
        check_temperature(temperature)
        self.image_shape, self.levels = tuple(shape), likelihood.levels
        self.network = network_for(shape, likelihood, network)
        self.likelihood, self.sampler, self.temperature = likelihood, sampler, temperature
        self.label_classes = self.network.condition
        self.sampling_batch, self.initial_images = sampling_batch, initial_images

    def players(self) -> dict[str, list[torch.nn.Module]]:
        """The whole model."""
        return {"model": [self.network, self.likelihood]}

    def turns(self) -> tuple[Turn, ...]:
        """One turn per round; on labelled images if the model is class-conditional."""
        return (Turn({"model": self.loss}, (Stream("real", "labelled" if self.label_classes else "train"),)),)

    def capabilities(self) -> frozenset[type]:
        """The capabilities of a model with an exact likelihood; a class-conditional one samples classes."""
        able = {Samples, SamplesAtTemperature, ScoresLikelihood, MapsLikelihood, HasReceptiveField, Completes}
        return frozenset(able | {DrawsSequentially} | ({SamplesClasses} if self.label_classes else set()))

    def check_data(self, data: DataSpec) -> None:
        """Refuses data with a number of classes other than the network's."""
        super().check_data(data)
        if self.label_classes not in (0, data.classes):
            raise GenzooError(
                f"data={data.name} has {data.classes} classes, but the model's images depend on "
                f"{self.label_classes}; use model.network.condition={data.classes}."
            )

    def initialise(self, images: Tensor) -> None:
        """Runs the data-dependent initialisation of layers, on the first images."""
        initialise_from_data(self.network, lambda: images[: self.initial_images])

    def loss(self, real: ImageBatch) -> Tensor:
        """Returns -log p(x) in nats, mean over the images; also logs it in bits per dimension, as ``bits_per_dim``."""
        labels = real.labels if self.label_classes else None
        loss = -self._log_prob_map(real.images, labels).sum((1, 2)).mean()
        self.meters.log("bits_per_dim", loss.detach() / (real.images[0].numel() * math.log(2)))
        return loss

    def _log_prob_map(self, images: Tensor, labels: Tensor | None) -> Tensor:
        return self.likelihood.log_prob(images, self.network(images, self._one_hot(labels)))

    def _one_hot(self, labels: Tensor | None) -> Tensor | None:
        """Returns the network's condition (B, classes) of labels (B,)."""
        if labels is None:
            return None
        return F.one_hot(labels, self.label_classes).to(next(self.network.parameters()).dtype)

    def _maps_of_classes(self, images: Tensor) -> Tensor:
        """Returns log p(x_i | x_1 .. x_{i-1}, class) for each class, (classes, B, H, W)."""
        every = torch.arange(self.label_classes, device=images.device)
        return torch.stack([self._log_prob_map(images, labels) for labels in every.repeat(len(images), 1).T])

    @in_inference
    def log_prob(
        self,
        levels: Tensor,
        n_importance: int = 1,
        generator: Generator | None = None,
        labels: Tensor | None = None,
    ) -> Tensor:
        """Returns log p(x) in nats, (B,), of levels, uint8 (B, C, H, W): the sum of ``log_prob_map``.

        It is exact, so ``n_importance`` and ``generator`` have no effect.

        Raises:
            GenzooError: images of another shape, levels or labels out of range.
        """
        return self.log_prob_map(levels, labels).double().sum((1, 2)).float()

    @in_inference
    def log_prob_map(self, levels: Tensor, labels: Tensor | None = None) -> Tensor:
        """Returns log p(x_i | x_1 .. x_{i-1}) in nats of each pixel, all channels together, (B, H, W).

        For class-conditional models: given ``labels`` (B,), or, without them, marginalised over equally likely classes.

        Raises:
            GenzooError: images of another shape, levels or labels out of range.
        """
        images = self._images_of("log_prob", levels)
        classes = self.label_classes
        if labels is not None or not classes:
            return self._log_prob_map(images, check_labels(labels, len(images), classes, images.device))
        of_class = self._maps_of_classes(images)
        so_far = of_class.double().flatten(2).cumsum(2).logsumexp(0) - math.log(classes)
        return so_far.diff(dim=1, prepend=torch.zeros_like(so_far[:, :1])).view_as(of_class[0]).float()

    @in_inference
    def receptive_field(self, levels: Tensor, row: int, column: int, generator: Generator | None = None) -> Tensor:
        """Returns how strongly the parameters of the pixel at (row, column) depend on each pixel, (H, W).

        The mean over images of levels, uint8 (B, C, H, W); see ``genzoo.autoregressive.receptive_field``.

        Raises:
            GenzooError: images of another shape, levels out of range, no such pixel.
        """
        images = self._images_of("receptive_field", levels)
        check_pixel("receptive_field", row, column, self.image_shape)
        return receptive_field(self.network, images, row, column, generator)

    @in_inference
    def sample(
        self,
        n: int,
        labels: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float | None = None,
    ) -> Tensor:
        """Draws n images (n, C, H, W) in [-1, 1]; class-conditional models use ``labels``, or random classes.

        Raises:
            GenzooError: no images, labels out of range, a temperature of 0 or below.
        """
        return self._draw(*self._nothing(n), labels, generator, temperature)

    @property
    def typical_mask(self) -> Tensor:
        """The mask of the upper half."""
        return upper_half(*self.image_shape[1:])

    @in_inference
    def complete(
        self,
        images: Tensor,
        mask: Tensor,
        generator: Generator | None = None,
        labels: Tensor | None = None,
        temperature: float | None = None,
    ) -> Tensor:
        """Completes images (B, C, H, W): keeps the pixels under ``mask`` (B, 1, H, W), 1 = given, and draws the others.

        Missing pixels are drawn in order, each given all previous ones. Without a generator the result is always the
        same. Class-conditional models use ``labels`` (B,), or draw a class given the pixels before the first missing
        one. If all given pixels are before it, completions are drawn from p(rest | given); given pixels that come
        later do not influence the class or any previous pixel.

        Raises:
            GenzooError: no images, images or a mask of another size, given pixels out of range, labels out of range, a
                temperature of 0 or below.
        """
        check_completion(images, mask, self.image_shape)
        mask, generator = mask.bool(), generator or fixed_generator(0, "completion")
        if labels is None and self.label_classes:
            labels = self._classes_given(images, mask, generator)
        return self._draw(images, mask, labels, generator, temperature)

    @in_inference
    def canvases(self, n: int, generator: Generator | None = None) -> Drawing:
        """Yields the stages of drawing n samples: rows, or passes of the fixed-point iteration."""
        canvas = self._canvas(*self._nothing(n), self._labels(None, n, generator), generator)
        return Drawing(torch.stack([stage.images.clone() for stage in self._stages(canvas, self.temperature)]), None)

    def _images_of(self, what: str, levels: Tensor) -> Tensor:
        """Checks levels and converts them to the network's input."""
        check_images(what, levels, self.image_shape)
        check_levels(what, levels, self.levels)
        return from_levels(levels, self.levels).to(next(self.network.parameters()))

    def _nothing(self, n: int) -> tuple[Tensor, Tensor]:
        """Returns empty images and masks, with no pixel given."""
        check_positive("number of images", n)
        channels, height, width = self.image_shape
        return torch.zeros(()).expand(n, channels, height, width), torch.zeros(n, 1, height, width, dtype=torch.bool)

    def _labels(self, labels: Tensor | None, n: int, generator: Generator | None) -> Tensor | None:
        """Returns the given labels, or random classes."""
        classes = self.label_classes
        if labels is None and classes:
            labels = torch.randint(classes, (n,), generator=generator, device=drawing_device(generator, self.device))
        return check_labels(labels, n, classes, self.device)

    def _classes_given(self, images: Tensor, mask: Tensor, generator: Generator) -> Tensor:
        """Draws classes (B,) from p(class | pixels before the first missing one), with a uniform prior."""
        like, log_probs = next(self.network.parameters()), []
        for given, known in zip(images.split(self.sampling_batch), mask.split(self.sampling_batch), strict=True):
            given, known = given.to(like), known.to(like.device)
            leading = known.flatten(1).cumprod(1)  # 1 up to the first missing pixel
            maps = self._maps_of_classes(given.where(known, -1.0)).double().flatten(2)
            log_probs.append((maps * leading).sum(2).T)
        weights = torch.cat(log_probs).softmax(1).to(generator.device)
        return weights.multinomial(1, generator=generator).squeeze(1)

    def _canvas(self, given: Tensor, mask: Tensor, labels: Tensor | None, generator: Generator | None) -> Canvas:
        n, channels, height, width = given.shape
        size = n, self.likelihood.noise(channels), height, width
        noise = torch.rand(size, generator=generator, device=drawing_device(generator, self.device))
        like = next(self.network.parameters())
        return Canvas(given.to(like), mask.to(like.device), noise.to(like), self._one_hot(labels))

    def _stages(self, canvas: Canvas, temperature: float) -> Iterator[Stage]:
        draw = partial(self.likelihood.draw, temperature=temperature)
        return self.sampler(self.network, draw, canvas)

    def _draw(
        self,
        given: Tensor,
        mask: Tensor,
        labels: Tensor | None,
        generator: Generator | None,
        temperature: float | None,
    ) -> Tensor:
        temperature = check_temperature(self.temperature if temperature is None else temperature)
        labels, drawn = self._labels(labels, len(given), generator), []
        in_training = self._trainer is not None and self._trainer.training  # training has its own progress bar
        for chosen in torch.arange(len(given)).split(self.sampling_batch):
            canvas = self._canvas(given[chosen], mask[chosen], None if labels is None else labels[chosen], generator)
            what = f"images {chosen[0] + 1} to {chosen[-1] + 1} of {len(given)}"
            *_, last = shown(self._stages(canvas, temperature), what, quiet=in_training)
            drawn.append(last.images)
        return torch.cat(drawn)
