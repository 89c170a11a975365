"""Errors of predicted frames beside those of the last frame, repeated."""

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import Videos
from genzoo.core.capabilities import Predicts
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels, to_unit
from genzoo.core.pictures import picture
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.batches import check_images, in_chunks
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.show import FRAMES, strip

LEAST = 1 / 510  #: half a level: a predicted brightness is at least this far from 0 and 1 in the cross-entropy


@register
class NextFrame:
    """Errors of the last frames of a split's videos, predicted from the frames before them.

    With brightness x in [0, 1] and its prediction p, the error is the mean of (p - x)² over all pixels, and the
    cross-entropy -Σ x log p + (1 - x) log(1 - p), over a frame's pixels, in nats per frame.

    Args:
        images: number of the split's videos, the first ones; None = all.
        steps: number of frames that are predicted, each from the given ones and the predicted ones before it.
        rows: videos in the picture.

    Raises:
        GenzooError: a number is not a positive integer.

    Source: the cross-entropy per frame of moving digits: Srivastava et al. 2015, arXiv 1502.04681, section 4.
    """

    needs = frozenset({Predicts, Videos})

    def __init__(self, images: int | None = None, steps: int = 1, rows: int = 8):
        check_images("next_frame", images)
        check_positive("metrics.next_frame.steps", steps)
        check_positive("metrics.next_frame.rows", rows)
        self.images, self.steps, self.rows = images, steps, rows

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``next_frame_error`` and ``next_frame_cross_entropy``, means over videos and predicted frames.

        Each, too, with ``_repeat``, of the last given frame instead of a prediction; the cross-entropy, too, with
        ``_data``, of the frames themselves, the least that can be reached. If several frames are predicted, names end
        in ``_s<steps>``. And the picture ``predicted``: each video's last frames, below them the given and predicted
        ones. Empty for an empty split, and for videos without a frame before the predicted ones.
        """
        if not data.count(split) or data.spec.shape[1] <= self.steps:
            return Evaluation()
        videos = from_levels(data.evaluation_images(split, self.images).images, data.spec.levels)
        past, future = videos[:, :, : -self.steps], videos[:, :, -self.steps :]
        predicted = in_chunks(lambda part: module.predict(part, self.steps), past, module.device)

        floor = errors(future, future)["next_frame_cross_entropy"]
        values = {
            **errors(predicted, future),
            **{f"{name}_repeat": value for name, value in errors(past[:, :, -1:].expand_as(future), future).items()},
            "next_frame_cross_entropy_data": floor,
        }
        suffix = "" if self.steps == 1 else f"_s{self.steps}"

        both = (strip(x[: self.rows, :, -FRAMES:]) for x in (videos, torch.cat([past, predicted], 2)))
        return Evaluation(
            {f"{name}{suffix}": value for name, value in values.items()},
            {"predicted": picture(torch.stack([*both], 1).flatten(0, 1), 1)},
            {"videos": len(videos), "steps": self.steps, "batch_norm": module.batch_norm},
        )


def errors(frames: Tensor, real: Tensor) -> dict[str, float]:
    """The error and the cross-entropy of predictions of real frames, as ``NextFrame`` names them.

    Args:
        frames, real: (N, C, T, H, W) in [-1, 1].

    >>> errors(torch.zeros(1, 1, 1, 1, 2), torch.tensor([[[[[-1.0, 1.0]]]]]))  # 2 log 2
    {'next_frame_error': 0.25, 'next_frame_cross_entropy': 1.386...}
    """
    p, x = (to_unit(one.double()) for one in (frames, real))
    entropy = F.binary_cross_entropy(p.clamp(LEAST, 1 - LEAST), x, reduction="none")
    per_frame = entropy.sum((1, 3, 4)).mean().item()
    return {"next_frame_error": (p - x).square().mean().item(), "next_frame_cross_entropy": per_frame}
