"""Context-RNN-GAN's networks, of the frames of a video.

Source: Ghosh et al. 2017, arXiv 1609.09444: generator and discriminator are GRUs, the discriminator's reads all
    preceding frames and then the frame that it judges. Unverified: one layer, its width, a linear layer after it.
"""

from torch import Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.precision import in_float32
from genzoo.core.registry import register

Shape = tuple[int, int, int, int]


def in_time(videos: Tensor) -> Tensor:
    """The frames of videos (B, C, T, H, W) as vectors, (B, T, C H W)."""
    return videos.transpose(1, 2).flatten(2)


class FrameGRU(nn.Module):
    """A GRU that reads the frames of a video: its states (B, T, hidden) after each.

    Args:
        shape: (C, T, H, W) of the videos.
        hidden: width of the state.

    Raises:
        GenzooError: the width is not positive.
    """

    def __init__(self, shape: Shape, hidden: int):
        super().__init__()
        check_positive("model: hidden", hidden)
        self.shape = tuple(shape)
        channels, _, height, width = shape
        self.pixels = channels * height * width
        self.gru = nn.GRU(self.pixels, hidden, batch_first=True)

    def states(self, frames: Tensor, before: Tensor | None = None) -> Tensor:
        """States (B, T, hidden) after each of the frames (B, T, pixels), from states (B, hidden) on; None = zero."""
        first = None if before is None else before[None].contiguous()
        return in_float32(lambda x: self.gru(x, first), frames)[0]


@register
class Generator(FrameGRU):
    """The next frame after each frame of a video: tanh(W h_t), where h_t is the state after t frames.

    Args:
        shape, hidden: see ``FrameGRU``.

    Example:
        >>> import torch
        >>> Generator(shape=(1, 16, 8, 8), hidden=4)(torch.zeros(2, 1, 5, 8, 8)).shape
        torch.Size([2, 1, 5, 8, 8])
    """

    def __init__(self, shape: Shape, hidden: int = 512):
        super().__init__(shape, hidden)
        self.output = nn.Linear(hidden, self.pixels)

    def forward(self, videos: Tensor) -> Tensor:
        """Videos (B, C, T, H, W) in [-1, 1], of any T -> the frame after each of theirs, of the same shape."""
        frames = self.output(self.states(in_time(videos))).tanh()
        return frames.unflatten(2, (videos.shape[1], *videos.shape[3:])).transpose(1, 2)


@register
class Discriminator(FrameGRU):
    """Whether a frame is the real one after those before it: w GRU(frame, h_t), where h_t is the state after t frames.

    Args:
        shape, hidden: see ``FrameGRU``.

    Example:
        >>> import torch
        >>> frames = torch.zeros(2, 1, 5, 8, 8)
        >>> Discriminator(shape=(1, 16, 8, 8), hidden=4)(frames, frames).shape
        torch.Size([2, 5])
    """

    def __init__(self, shape: Shape, hidden: int = 512):
        super().__init__(shape, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, past: Tensor, candidates: Tensor) -> Tensor:
        """Logits (B, T) of candidates for the frame after each of videos, both (B, C, T, H, W) in [-1, 1]."""
        context = self.states(in_time(past)).flatten(0, 1)
        after = self.states(in_time(candidates).flatten(0, 1)[:, None], context)
        return in_float32(self.output, after).view(len(past), -1)
