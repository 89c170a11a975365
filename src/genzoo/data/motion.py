"""Numbers that are computed of videos."""

import torch
from torch import Tensor

from genzoo.core.images import to_unit

TINY = 1e-6  #: no brightness is divided by less


def observables(videos: Tensor) -> dict[str, Tensor]:
    """Observable -> its value for each of B videos, (B,).

    With the brightness x_tij in [0, 1] of the pixel in row i and column j, its mean b_t over the pixels of a frame,
    and the centre c_t of the brightness in pixels, each a mean over all t for which it is defined:

        brightness      b_t
        flicker         |b_{t+1} - b_t|
        change          mean over i, j of |x_{t+1} - x_t|
        speed           |c_{t+1} - c_t|
        turn            |c_{t+1} - 2 c_t + c_{t-1}|, 0 along a line
        extent          √(Σ_ij |(i, j) - c_t|² x_tij / Σ_ij x_tij)

    Args:
        videos: grey ones, (B, 1, T, H, W) in [-1, 1], of at least three frames.
    """
    frames = to_unit(videos.double()).squeeze(1)
    brightness = frames.mean((2, 3))
    share = frames / (frames.sum((2, 3), keepdim=True) + TINY)
    rows, columns = (torch.arange(side).to(frames) for side in frames.shape[2:])
    centre = torch.stack([share.sum(3) @ rows, share.sum(2) @ columns], 2)
    square = share.sum(3) @ rows.square() + share.sum(2) @ columns.square()
    step = centre.diff(dim=1)
    found = {
        "brightness": brightness,
        "flicker": brightness.diff(dim=1).abs(),
        "change": frames.diff(dim=1).abs().mean((2, 3)),
        "speed": step.norm(dim=2),
        "turn": step.diff(dim=1).norm(dim=2),
        "extent": (square - centre.square().sum(2)).clamp_min(0).sqrt(),
    }
    return {name: values.mean(1).float() for name, values in found.items()}
