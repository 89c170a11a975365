"""Label maps: images whose colours are classes of pixels."""

import torch
from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix


def classes_of(levels: Tensor, palette: Tensor) -> Tensor:
    """The class of each pixel, that of the nearest colour.

    Args:
        levels: uint8 (N, C, H, W).
        palette: colours of the classes, uint8 (K, C).

    Returns:
        int64 (N, H, W).

    >>> classes_of(torch.tensor([[[[100, 200]]]]), palette=torch.tensor([[255], [0]])).flatten().tolist()
    [1, 0]
    """
    distances = [(levels.float() - colour[:, None, None]).square().sum(1) for colour in palette]
    return torch.stack(distances, 1).argmin(1)


def scores(found: Tensor, wanted: Tensor, classes: int) -> dict[str, float]:
    """Scores of label maps, from one confusion matrix of all pixels.

    Args:
        found, wanted: classes of pixels, int64 (N, H, W).
        classes: number of classes.

    Returns:
        ``pixel_accuracy``; ``class_accuracy``, the mean share of a class's pixels that are found; ``class_iou``, the
        mean of the intersection over the union. Means are over the classes that occur.

    Source: Isola et al. 2017, arXiv 1611.07004, section 4.1; phillipi/pix2pix, scripts/eval_cityscapes/util.py.

    >>> found, wanted = torch.tensor([[[0, 0, 1, 1]]]), torch.tensor([[[0, 0, 0, 1]]])
    >>> {name: round(value, 3) for name, value in scores(found, wanted, classes=3).items()}
    {'pixel_accuracy': 0.75, 'class_accuracy': 0.833, 'class_iou': 0.583}
    """
    matrix = multiclass_confusion_matrix(found, wanted, classes).double()  # rows: wanted
    hits, there, given = matrix.diag(), matrix.sum(1), matrix.sum(0)
    return {
        "pixel_accuracy": (hits.sum() / matrix.sum()).item(),
        "class_accuracy": (hits / there)[there > 0].mean().item(),
        "class_iou": (hits / (there + given - hits))[there + given > 0].mean().item(),
    }
