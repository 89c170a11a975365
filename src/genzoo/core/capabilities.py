"""What a model can do, as small protocols.

``module.capabilities()`` returns those that hold for this instance; callbacks, metrics and ``evaluate.py`` ask for a
capability and never for a class. All methods run without gradients, in evaluation mode, on the recipe's averages.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from torch import Generator, Tensor

from genzoo.core.latent import Latent


class Samples(Protocol):
    """Draws images from the model."""

    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n images (n, C, H, W) in [-1, 1]; the same ones for the same generator state."""


class Decodes(Protocol):
    """Maps latent codes to images."""

    latent: Latent

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] of codes (B, latent.width): the mean, where there is one."""


class Encodes(Protocol):
    """Maps images to latent codes."""

    def encode(self, images: Tensor) -> Tensor:
        """Codes (B, latent.width) of images (B, C, H, W) in [-1, 1]: the mean."""


class Features(Protocol):
    """Represents images by features."""

    def features(self, images: Tensor) -> Tensor:
        """Features (B, F) of images (B, C, H, W) in [-1, 1]."""


class ScoresLikelihood(Protocol):
    """Scores images by their likelihood."""

    def log_prob(self, levels: Tensor, n_importance: int = 1, generator: Generator | None = None) -> Tensor:
        """Log-likelihood in nats (B,) of levels, uint8 (B, C, H, W).

        Where it is not exact, it is estimated from ``n_importance`` draws of the posterior, the same ones for the same
        generator state; the estimate is below it in the mean.
        """


class MapsLikelihood(Protocol):
    """Says where in an image its likelihood comes from."""

    def log_prob_map(self, levels: Tensor) -> Tensor:
        """log p of each pixel given those before it, in nats, (B, H, W), of levels, uint8 (B, C, H, W)."""


class HasReceptiveField(Protocol):
    """Says which pixels the distribution of a pixel depends on."""

    def receptive_field(self, levels: Tensor, row: int, column: int, generator: Generator | None = None) -> Tensor:
        """How strongly that of the pixel at (row, column) depends on each pixel, (H, W): 0 = not at all.

        It is the size of a gradient, over images of levels, uint8 (B, C, H, W); the same for the same generator state.
        """


class Bound(NamedTuple):
    """The evidence lower bound of images, log_likelihood - Σ kl, in nats, from one draw of the posterior.

    Args:
        log_likelihood: log p(x|z), (B,).
        kl: layer of latent variables -> divergence of its posterior from its prior, (B,), or an estimate of it.
    """

    log_likelihood: Tensor
    kl: Mapping[str, Tensor]


class BoundsLikelihood(Protocol):
    """Bounds the likelihood of images from below."""

    def bound(self, levels: Tensor, generator: Generator | None = None) -> Bound:
        """The bound of levels, uint8 (B, C, H, W); the same for the same generator state."""


class Drawing(NamedTuple):
    """How images come about, step by step.

    Args:
        images: after each step, (T, n, C, H, W) in [-1, 1]; the last ones are the samples.
        frames: the rectangle that each step drew in: left, top, right, bottom and width of its border in pixels, from
            the image's upper left corner, (T, n, 5); None where steps draw everywhere.
    """

    images: Tensor
    frames: Tensor | None


class DrawsSequentially(Protocol):
    """Draws images in several steps."""

    def canvases(self, n: int, generator: Generator | None = None) -> Drawing:
        """How n samples come about; the same ones for the same generator state."""


class Completes(Protocol):
    """Fills in missing parts of images."""

    def complete(self, images: Tensor, mask: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] that keep what lies under ``mask`` (B, 1, H, W), 1 = given.

        They are the same for the same generator state, and without a generator.
        """


class Classifies(Protocol):
    """Classifies images."""

    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, K) of images (B, C, H, W) in [-1, 1]."""


class InfersCodes(Protocol):
    """Infers the named latent codes that would have made an image."""

    def infer_codes(self, images: Tensor) -> Mapping[str, Tensor]:
        """For each inferred part of the latent its mean (B, size): probabilities of a categorical part."""


class Acts(Protocol):
    """Acts in an environment."""

    def act(self, observations: Tensor, deterministic: bool = False, generator: Generator | None = None) -> Tensor:
        """Actions for observations (B, D): numbers of actions (B,), or points of a box (B, A).

        ``deterministic``: the most likely ones; else drawn from the policy, the same ones for the same generator state.
        """


class ScoresActions(Protocol):
    """Says how likely its actions are."""

    def action_log_prob(self, observations: Tensor, actions: Tensor) -> Tensor:
        """log π(a|s) in nats (B,) of actions (B,) or (B, A) for observations (B, D)."""
