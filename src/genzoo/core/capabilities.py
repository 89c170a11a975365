"""The capabilities of models, as small protocols.

``module.capabilities()`` returns the protocols that an instance implements; callbacks, metrics and ``evaluate.py``
depend on a capability, never on a class. All methods run in evaluation mode, with averaged networks, and without
gradients; inside ``module.differentiable()`` they have gradients with respect to their arguments, for a latent search.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from torch import Generator, Tensor

from genzoo.core.latent import Latent, Part


class Samples(Protocol):
    """Draws images from the model."""

    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n images (n, C, H, W) in [-1, 1], or sequences of tokens, int64 (n, 1, T).

        They are the same for the same generator state.
        """


class SamplesClasses(Samples, Protocol):
    """Draws images of given classes."""

    label_classes: int  #: ``labels`` of ``sample`` are 0 .. label_classes - 1


class SamplesJointly(Samples, Protocol):
    """Draws images of two domains that correspond to each other."""

    def sample_jointly(self, n: int, generator: Generator | None = None) -> Mapping[str, Tensor]:
        """Domain (``"A"``, ``"B"``) -> n images in [-1, 1]; the i-th ones correspond.

        They are the same for the same generator state; those of domain A are the result of ``sample``.
        """


class SamplesAtTemperature(Samples, Protocol):
    """Draws images from a sharpened distribution."""

    temperature: float  #: 1 = the model's distribution; lower = likelier images

    def sample(
        self,
        n: int,
        labels: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float | None = None,
    ) -> Tensor:
        """See ``Samples``; None = the temperature of the recipe."""


class SamplesGiven(Protocol):
    """Draws images that are asked for, such as by a caption."""

    asks: Mapping[str, tuple[int, ...]]  #: shapes of what an image is asked for by: {"caption": (captions, characters)}

    def sample_given(self, given: Mapping[str, Tensor], generator: Generator | None = None) -> Tensor:
        """One image in [-1, 1] for each row, (n, C, H, W).

        Args:
            given: what is asked for: name -> (n, ...).
            generator: of the random numbers; None = the global one.

        Raises:
            GenzooError: something is missing or of another shape.
        """
        ...


class TransfersStyle(SamplesGiven, Protocol):
    """Draws what is asked for in the style of an image: as the image is in all that is not asked for."""

    def sample_like(self, images: Tensor, given: Mapping[str, Tensor]) -> Tensor:
        """Images (n, C, H, W) in [-1, 1] of what is asked for, each in the style of one of images (n, C, H, W).

        Args:
            images: in [-1, 1].
            given: what is asked for: name -> (n, ...).

        Raises:
            GenzooError: something is missing or of another shape, or there is another number of images.
        """
        ...


class Decodes(Protocol):
    """Maps latent codes to images."""

    latent: Latent

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] of codes (B, latent.width): the decoder's mean, if it is stochastic."""


class Encodes(Protocol):
    """Maps images to latent codes."""

    def encode(self, images: Tensor) -> Tensor:
        """Codes (B, latent.width) of images (B, C, H, W) in [-1, 1]: the posterior's mean."""


class Embeds(Protocol):
    """Maps latent codes to representations of less width, from which images are decoded."""

    def embed(self, codes: Tensor) -> Tensor:
        """Representations (B, n) of codes (B, latent.width)."""


class Features(Protocol):
    """Computes features of images."""

    def features(self, images: Tensor) -> Tensor:
        """Features (B, F) of images (B, C, H, W) in [-1, 1]."""


class ScoresRealism(Protocol):
    """Estimates whether images are real."""

    def realism(self, images: Tensor) -> Tensor:
        """Logits (B,) of the probability that images (B, C, H, W) in [-1, 1] are real, and not the model's."""


class ScoresLikelihood(Protocol):
    """Computes the log-likelihood of images."""

    def log_prob(self, levels: Tensor, n_importance: int = 1, generator: Generator | None = None) -> Tensor:
        """Log-likelihood in nats (B,) of levels, uint8 (B, C, H, W), or of tokens, int64 (B, 1, T).

        If it has no closed form, it is estimated from ``n_importance`` draws of the posterior, the same for the same
        generator state; the expectation of the estimate is a lower bound.
        """


class MapsLikelihood(Protocol):
    """Computes the contribution of each pixel to the log-likelihood of an image."""

    def log_prob_map(self, levels: Tensor) -> Tensor:
        """log p of each pixel conditioned on the earlier ones, in nats, (B, H, W), of levels, uint8 (B, C, H, W)."""


class HasReceptiveField(Protocol):
    """Computes on which pixels the distribution of a pixel depends."""

    def receptive_field(self, levels: Tensor, row: int, column: int, generator: Generator | None = None) -> Tensor:
        """Dependence of the distribution of the pixel at (row, column) on each pixel, (H, W): 0 = none.

        It is the magnitude of a gradient, over images of levels, uint8 (B, C, H, W); the same for the same generator
        state.
        """


class Bound(NamedTuple):
    """The evidence lower bound of images, log_likelihood - Σ kl, in nats, from one draw of the posterior.

    Args:
        log_likelihood: log p(x|z), (B,).
        kl: layer of latent variables -> KL(posterior || prior), (B,), or an estimate of it.
    """

    log_likelihood: Tensor
    kl: Mapping[str, Tensor]


class BoundsLikelihood(Protocol):
    """Computes a lower bound of the log-likelihood of images."""

    def bound(self, levels: Tensor, generator: Generator | None = None) -> Bound:
        """The bound of levels, uint8 (B, C, H, W); the same for the same generator state."""


class Drawing(NamedTuple):
    """The canvases of a sequential sampler.

    Args:
        images: the canvas after each step, (T, n, C, H, W) in [-1, 1]; the last ones are the samples.
        frames: the rectangle that each step writes to: left, top, right, bottom and width of its border in pixels, from
            the image's upper left corner, (T, n, 5); None if steps write to the whole image.
    """

    images: Tensor
    frames: Tensor | None


class DrawsSequentially(Protocol):
    """Draws images in several steps."""

    def canvases(self, n: int, generator: Generator | None = None) -> Drawing:
        """The canvases of n samples; the same for the same generator state."""


class Completes(Protocol):
    """Fills in missing parts of images."""

    typical_mask: Tensor  #: the given pixels of the completions that are shown, bool (1, H, W)

    def complete(self, images: Tensor, mask: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] with the given pixels unchanged: those where ``mask`` (B, 1, H, W) is 1.

        They are the same for the same generator state, and without a generator.

        Raises:
            GenzooError: the model cannot fill in the missing pixels, or images or mask have another shape.
        """


class Predicts(Protocol):
    """Continues videos."""

    def predict(self, past: Tensor, steps: int = 1) -> Tensor:
        """The next frames (B, C, steps, H, W) in [-1, 1] after videos (B, C, T, H, W) in [-1, 1].

        Raises:
            GenzooError: frames are of another shape, or a number is not positive.
        """


class Translates(Protocol):
    """Maps images of one domain of a data set to another one; ``"A"`` is the first domain, ``"B"`` the second."""

    directions: tuple[tuple[str, str], ...]  #: (source, target) of each map

    def translate(
        self, images: Tensor, source: str = "A", target: str = "B", generator: Generator | None = None
    ) -> Tensor:
        """Images (B, C', H, W) of the target domain in [-1, 1], of images (B, C, H, W) of the source domain.

        They are the same for the same generator state, and without a generator.
        """


class Restores(Protocol):
    """Computes images from degraded observations of them."""

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """Observations (B, C', H', W') of images (B, C, H, W) in [-1, 1]; the same for the same generator state."""

    def restore(self, observations: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] of observations, such as those of ``degrade``."""


class EditsAttributes(Protocol):
    """Changes attributes of images."""

    attributes: tuple[str, ...]  #: their names

    def edit(self, images: Tensor, values: Mapping[str, float]) -> Tensor:
        """The images (B, C, H, W) in [-1, 1] with other values of some attributes, and all else as it is.

        A value is from 0, absent, to 1, present.
        """


class Classifies(Protocol):
    """Classifies images."""

    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, K) of images (B, C, H, W) in [-1, 1]."""


class Adapts(Protocol):
    """Classifies images of the second domain, without having learned from labels of it."""

    def classify_target(self, images: Tensor) -> Tensor:
        """Logits (B, K) of images (B, C', H, W) of domain B in [-1, 1]."""


class InfersCodes(Protocol):
    """Infers named codes from images: parts of the latent code, or categories of images."""

    inferred: Mapping[str, Part]  #: name of each inferred code -> its kind and size

    def infer_codes(self, images: Tensor) -> Mapping[str, Tensor]:
        """Inferred code -> its posterior mean (B, size); for a categorical part, probabilities."""


class Acts(Protocol):
    """Chooses actions in an environment."""

    def act(self, observations: Tensor, deterministic: bool = False, generator: Generator | None = None) -> Tensor:
        """Actions for observations (B, D): indices of discrete actions (B,), or continuous actions (B, A).

        ``deterministic``: the most likely actions; otherwise drawn from the policy, the same for the same generator
        state.
        """


class ScoresActions(Protocol):
    """Computes log-probabilities of actions."""

    def action_log_prob(self, observations: Tensor, actions: Tensor) -> Tensor:
        """log π(a|s) in nats (B,) of actions (B,) or (B, A) for observations (B, D)."""
