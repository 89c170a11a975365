"""Problems whose answer is chosen among options by a predicted frame."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from genzoo.core.batches import Videos
from genzoo.core.capabilities import Predicts
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels
from genzoo.core.pictures import picture
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.batches import in_chunks
from genzoo.metrics.evaluation import Evaluation


@runtime_checkable
class Puzzles(Protocol):
    """Videos whose last frame is to be chosen among options."""

    def choices(self, split: str) -> Tensor:
        """The options for the last frame of each video, levels (N, K, C, H, W), the right one first."""
        ...


@register
class Choice:
    """The share of problems that are solved by the option whose pixels are nearest to the predicted frame.

    Args:
        rows: problems in the picture.

    Raises:
        GenzooError: the number is not a positive integer.

    Source: Ghosh et al. 2017, arXiv 1609.09444, who compare features of the generated and of the offered diagrams.
    """

    needs = frozenset({Predicts, Videos})

    def __init__(self, rows: int = 8):
        check_positive("metrics.choice.rows", rows)
        self.rows = rows

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``choice``; ``choice_shuffled``, of the frame that is predicted for another problem;
        ``choice_repeat``, of the last given frame instead of a predicted one; and ``choice_chance``, 1/K.

        Frames of other problems may be less often right than by chance: the right option has something in common with
        each of the others, so that one of these is rather the nearest. And the picture ``choices``: given frames,
        predicted frame, options, the right one first. Empty for data without options, and for an empty split.
        """
        if not isinstance(data, Puzzles) or not data.count(split):
            return Evaluation()
        problems, options = (from_levels(x, data.spec.levels) for x in (data.split(split).images, data.choices(split)))
        past = problems[:, :, :-1]
        predicted = in_chunks(module.predict, past, module.device)[:, :, 0]
        values = {
            "choice": solved(predicted, options),
            "choice_shuffled": solved(predicted.roll(1, 0), options),
            "choice_repeat": solved(past[:, :, -1], options),
            "choice_chance": 1 / options.shape[1],
        }
        row = torch.cat([past.transpose(1, 2), predicted[:, None], options], 1)[: self.rows]
        given = [f"given {i + 1}" for i in range(past.shape[2])]
        others = [f"option {i + 1}" for i in range(1, options.shape[1])]
        names = [*given, "predicted", "right option", *others]
        sheet = picture(row.flatten(0, 1), len(names), column_names=names)
        return Evaluation(values, {"choices": sheet}, {"problems": len(problems), "batch_norm": module.batch_norm})


def solved(frames: Tensor, options: Tensor) -> float:
    """The share of frames (N, C, H, W) to which the first of the options (N, K, C, H, W) is nearest.

    If several options are equally near, it counts for its part.

    >>> solved(torch.zeros(1, 1, 1, 1), torch.tensor([1.0, -1.0, 2.0]).view(1, 3, 1, 1, 1))
    0.5
    """
    distance = (options - frames[:, None]).double().square().flatten(2).sum(2)
    nearest = distance == distance.amin(1, keepdim=True)
    return (nearest[:, 0] / nearest.sum(1)).mean().item()
