"""Context-RNN-GAN: the next frame of a video, judged together with all frames before it."""

from typing import Any

import torch
from torch import Tensor, nn

from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.capabilities import Predicts
from genzoo.core.checks import check_positive, check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.objectives import Objective


@register
class ContextRNNGAN(ImageModule):
    """A GAN of next frames: at each step t, G predicts x_{t+1} from x_1 .. x_t, and D sees these and a next frame.

    With p_t = G(x_1 .. x_t), the players minimise means over t = 1 .. T - 1, for the non-saturating objective

        the discriminator   -log D(x_1 .. x_t, x_{t+1}) - log(1 - D(x_1 .. x_t, p_t)),
        the generator       -a log D(x_1 .. x_t, p_t) + b E |p_t - x_{t+1}|^p, where E is the mean over pixels.

    Args:
        generator: maps videos (B, C, T, H, W) to the frame after each of theirs.
        discriminator: maps videos and candidates for the frame after each of theirs to logits (B, T).
        objective: the losses of both players.
        adversarial_weight, error_weight: a and b.
        power: p, 1 or 2.
        kwargs: of ``RoundModule``; the players are ``discriminator`` and ``generator``.

    Raises:
        GenzooError: a weight is negative, the power is another one, or both networks are for other videos.

    Source: Ghosh et al. 2017, arXiv 1609.09444. Unverified: the weights.
    """

    unit = "videos"
    axes = "thw"

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        adversarial_weight: float = 0.05,
        error_weight: float = 1.0,
        power: int = 2,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_weights({"adversarial": adversarial_weight, "error": error_weight})
        if power not in (1, 2):
            raise GenzooError(f"model.power={power}: 1 (absolute differences) or 2 (squares) is needed.")
        if generator.shape != discriminator.shape:
            raise GenzooError(
                f"model: the generator is built for videos of (channels, frames, height, width) {generator.shape}, but "
                f"the discriminator for {discriminator.shape}; set both to the same."
            )
        self.generator, self.discriminator, self.objective = generator, discriminator, objective
        self.adversarial_weight, self.error_weight, self.power = adversarial_weight, error_weight, power
        self.image_shape = generator.shape

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator's turn and the generator's, on the same videos."""
        real = (Stream("real"),)
        return Turn({"discriminator": self.discriminator_loss}, real), Turn({"generator": self.generator_loss}, real)

    def capabilities(self) -> frozenset[type]:
        """It predicts."""
        return frozenset({Predicts})

    def judge(self, past: Tensor, candidates: Tensor) -> Tensor:
        """D's logits (B T,) of candidates for the frame after each of videos, both (B, C, T, H, W)."""
        return at_least_float32(self.discriminator(past, candidates)).flatten()

    def discriminator_loss(self, real: ImageBatch) -> Tensor:
        """The objective on the real next frames and on the predicted ones."""
        past, future = real.images[:, :, :-1], real.images[:, :, 1:]
        with torch.no_grad():
            predicted = self.generator(past)
        return self.objective.discriminator(self.judge(past, future), self.judge(past, predicted))

    def generator_loss(self, real: ImageBatch) -> Tensor:
        """The weighted objective on the predicted frames and their weighted error."""
        past, future = real.images[:, :, :-1], real.images[:, :, 1:]
        predicted = self.generator(past)
        error = (at_least_float32(predicted) - future).abs().pow(self.power).mean()
        self.meters.log("term/error", error.detach())
        fooling = self.objective.generator(self.judge(past, predicted))
        return self.adversarial_weight * fooling + self.error_weight * error

    @in_inference
    def predict(self, past: Tensor, steps: int = 1) -> Tensor:
        """See ``Predicts``: each frame is predicted from the given ones and those predicted before it."""
        check_positive("number of frames", steps)
        channels, _, *size = self.image_shape
        if past.dim() != 5 or [past.shape[1], *past.shape[3:]] != [channels, *size] or not past.shape[2]:
            raise GenzooError(
                f"predict: videos of shape {tuple(past.shape)} were given, but the model is built for (number, channels"
                f", frames, height, width) = (any, {channels}, any, {size[0]}, {size[1]}); give such videos."
            )
        seen = past.to(self.device)
        for _ in range(steps):
            seen = torch.cat([seen, self.generator(seen)[:, :, -1:]], 2)
        return seen[:, :, past.shape[2] :]
