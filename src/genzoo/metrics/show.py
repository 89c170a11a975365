"""Pictures of data: images, solids as a viewer sees them, strips of a video's frames, piano rolls of tunes."""

from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, Events, Videos, Volumes
from genzoo.core.view import TILT, TURN, view
from genzoo.metrics.piano_roll import piano_roll

PIXELS = 96  #: height and width of the picture of a volume
FRAMES = 8  #: of a video that are shown


def show(data: Tensor, spec: DataSpec) -> Tensor:
    """Images (N, C, H, W) in [-1, 1] of data: images themselves, volumes turned and lit, strips of videos, piano rolls.

    >>> import torch
    >>> show(torch.zeros(2, 1, 8, 8, 8), DataSpec("solids", (1, 8, 8, 8), axes="dhw")).shape
    torch.Size([2, 1, 96, 96])
    """
    if Events in spec.kinds:
        return piano_roll(data)
    if Volumes in spec.kinds:
        return view(data, TURN, TILT, PIXELS)
    return strip(data) if Videos in spec.kinds else data


def strip(videos: Tensor) -> Tensor:
    """Frames of videos (N, C, T, H, W), evenly spaced, side by side, a grey line before each: (N, C, H, W').

    >>> import torch
    >>> strip(torch.zeros(2, 1, 16, 32, 32)).shape
    torch.Size([2, 1, 32, 264])
    """
    n = min(FRAMES, videos.shape[2])
    frames = videos[:, :, [i * videos.shape[2] // n for i in range(n)]]
    return F.pad(frames, (1, 0)).transpose(2, 3).flatten(3)
