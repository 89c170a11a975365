"""How well categorical codes, learned without labels, match the classes."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from genzoo.core.capabilities import InfersCodes
from genzoo.core.latent import Categorical
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import equal_batches
from genzoo.metrics.evaluation import Evaluation


def contingency(codes: np.ndarray, labels: np.ndarray, categories: int, classes: int) -> np.ndarray:
    """The contingency table: number of images with each category (row) and each class (column)."""
    table = np.zeros((categories, classes), int)
    np.add.at(table, (codes, labels), 1)
    return table


def one_to_one_error(table: np.ndarray) -> float:
    """Fraction of wrong images if each category is assigned a different class, by the best such matching.

    >>> round(one_to_one_error(np.array([[9, 0], [6, 5]])), 6)  # 0 -> 0, 1 -> 1: 14 of 20 right
    0.3
    """
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(1 - table[rows, columns].sum() / table.sum())


def majority_error(table: np.ndarray) -> float:
    """Fraction of wrong images if each category is assigned its most frequent class; classes may repeat.

    >>> majority_error(np.array([[9, 0], [6, 5]]))  # 0 -> 0, 1 -> 0: 15 of 20 right
    0.25
    """
    return float(1 - table.max(1).sum() / table.sum())


def head_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Fraction of wrong images if each category is assigned the class of the image with its largest probability.

    Args:
        probabilities: q(category|image), (N, categories); an image's category is its most probable one.
        labels: (N,).

    Source: adversarial autoencoders (arXiv 1511.05644, section 6).

    >>> q = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    >>> head_error(q, np.array([0, 1, 1, 1]))  # 0 -> 0 by the first image, 1 -> 1 by the third: the second is wrong
    0.25
    """
    classes = labels[probabilities.argmax(0)]
    return float((classes[probabilities.argmax(1)] != labels).mean())


@register
class CodeError:
    """The error of the inferred categories as a classifier, matched to the classes on the same images.

    Measured by one-to-one matching, by majority and by the most certain image, and with both kinds of batch-norm
    statistics. The values with the recipe's kind have the plain name, the others end in ``_running_statistics`` or
    ``_batch_statistics``.

    Args:
        limit: maximum number of images; None = all of the split.
        batch_size: images per pass; with batch statistics, part of the protocol.

    Source: InfoGAN (arXiv 1606.03657), section 7.2, which matches categories to digits without saying how; the most
        certain image: adversarial autoencoders (arXiv 1511.05644), section 6.
    """

    needs = frozenset({InfersCodes})

    def __init__(self, limit: int | None = None, batch_size: int = 128):
        self.limit, self.batch_size = limit, batch_size

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``code_error_one_to_one``, ``_majority`` and ``_head``; ``<code>_error_...`` for several codes."""
        images, labels, *_ = data.evaluation_images(split, self.limit)
        if not data.spec.classes or not len(images) or (labels < 0).any():
            return Evaluation()
        values = {}
        for mode in ("batch", "running"):
            suffix = "" if mode == module.batch_norm else f"_{mode}_statistics"
            with module.inference(batch_norm=mode):
                batches = [
                    module.infer_codes(batch.to(module.device))
                    for batch in equal_batches(images, data.spec.levels, self.batch_size)
                ]
            codes = [name for name in batches[0] if isinstance(module.inferred[name], Categorical)]
            for name in codes:
                found = torch.cat([batch[name] for batch in batches])[: len(images)].cpu().numpy()
                table = contingency(found.argmax(1), labels.numpy(), module.inferred[name].size, data.spec.classes)
                title = "code" if len(codes) == 1 else name
                values[f"{title}_error_one_to_one{suffix}"] = one_to_one_error(table)
                values[f"{title}_error_majority{suffix}"] = majority_error(table)
                values[f"{title}_error_head{suffix}"] = head_error(found, labels.numpy())
        return Evaluation(values)
