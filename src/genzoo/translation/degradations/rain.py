"""Rain in front of a scene."""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Shape


@register
class Rain(Degradation):
    """Adds bright streaks, x = min(y + r, 1), at random places; the streaks r of an image are parallel.

    Args:
        shape: (C, H, W) of the images.
        density: expected share of pixels at which a streak is centred.
        length: of a streak, an odd number of pixels.
        angle: largest angle of the streaks with the vertical, in degrees; that of an image is uniform.
        brightness: of a streak, in [0, 2], the range of images.

    Raises:
        GenzooError: a number is out of range.

    Source: the rain that ID-CGAN (Zhang, Sindagi, Patel 2017, arXiv 1701.05957) removes was painted into photographs;
        these streaks are ours.
    """

    def __init__(self, shape: Shape, density: float, length: int, angle: float, brightness: float):
        super().__init__(shape)
        check_positive("model.pairs.length", length)
        if length % 2 == 0:
            raise GenzooError(f"model.pairs.length={length}: an odd number of pixels is needed.")
        for key, value, most in (("density", density, 1), ("angle", angle, 90), ("brightness", brightness, 2)):
            if not 0 <= value <= most:
                raise GenzooError(f"model.pairs.{key}={value}: a number from 0 to {most} is needed.")
        self.density, self.length, self.angle, self.brightness = density, length, math.radians(angle), brightness

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """The images with streaks of their own each."""
        device = drawing_device(generator, images.device)
        (n, _, height, width), reach = images.shape, self.length // 2
        centres = torch.rand(n, height, width, generator=generator, device=device) < self.density
        angles = self.angle * (2 * torch.rand(n, generator=generator, device=device) - 1)

        # Each image is convolved with a line of its own: one group per image.
        lines = torch.zeros(n, 1, self.length, self.length, device=device)
        along = torch.arange(-reach, reach + 1, device=device)
        rows = (along * angles.cos()[:, None]).round().long() + reach
        columns = (along * angles.sin()[:, None]).round().long() + reach
        lines[torch.arange(n, device=device)[:, None], 0, rows, columns] = self.brightness
        streaks = F.conv2d(centres[None].float(), lines, padding=reach, groups=n)[0, :, None]
        return (images + streaks.to(images)).clamp(max=1)
