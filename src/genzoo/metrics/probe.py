"""Linear classification of a model's features."""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Features
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import derive_seed, generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.labels import draw_labelled, known
from genzoo.data.module import ImageData
from genzoo.metrics.batches import equal_batches
from genzoo.metrics.evaluation import Evaluation

COSTS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01)  # those of the original


@register
class LinearProbe:
    """The error of a linear support vector machine on a model's features of labelled training images.

    One-vs-rest, squared hinge loss, L2 penalty, features not scaled. C is the value with the smallest error on the
    validation split (the first of equals); the SVM is trained on training images only. Since it measures features, it
    uses all true labels, including those that ``data.labels_per_class`` hides from the model's training.

    Args:
        labels_per_class: number of random training images per class, with names that end in ``_n<images>``; None = all
            labelled images.
        costs: candidate values of C.
        batch_size: images per pass; with batch statistics, part of the protocol.
        seed: seed of the choice of images and of the solver.
        data: a labelled set other than the model's own; names then contain its name.

    Source: DCGAN (arXiv 1511.06434), section 5; Newmu/dcgan_code, svhn/svhn_semisup_analysis.py, which averages over
    100 draws (here: over seeds).
    """

    needs = frozenset({Features})

    def __init__(
        self,
        labels_per_class: int | None = None,
        costs: Sequence[float] = COSTS,
        batch_size: int = 128,
        seed: int = 0,
        data: ImageData | None = None,
    ):
        if labels_per_class is not None and (not isinstance(labels_per_class, int) or labels_per_class < 1):
            raise GenzooError(
                f"metrics.probe.labels_per_class={labels_per_class}: expected a positive integer, or null for all."
            )
        check_positive("metrics.probe.batch_size", batch_size)
        if not costs or min(costs) <= 0:
            raise GenzooError(f"metrics.probe.costs={list(costs)}: expected one or more positive numbers.")
        self.labels_per_class, self.costs = labels_per_class, tuple(costs)
        self.batch_size, self.seed, self.data = batch_size, seed, data

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``probe_error``, the fraction of the split's images classified wrongly, and ``probe_c``.

        Raises:
            GenzooError: a class has fewer labels than ``labels_per_class``, there are no labelled validation images, or
                the images of ``data`` have another shape than the model's.
        """
        if self.data is not None:
            data = self.data
            if (shape := data.spec.shape) != tuple(module.image_shape):
                raise GenzooError(
                    f"metrics.probe.data: images of {data.name} are {shape} (channels, height, width), but the model "
                    f"takes {tuple(module.image_shape)}; choose other data."
                )
            data.prepare_data()
        # Without labels there is nothing to compute; without validation labels C cannot be chosen.
        train, validation, measured = (known(data.evaluation_images(s)) for s in ("train", "validation", split))
        if not data.spec.classes or len(train.labels.unique()) < 2 or not len(measured.labels):
            return Evaluation()
        if not len(validation.labels):
            raise GenzooError(
                f"metrics.probe: its C is chosen on labelled validation images, but data={data.name} has none; "
                "hold some out from training, or leave the metric out (metrics.probe=null)."
            )
        train = self._draw(train, data)

        def features(images: Tensor) -> np.ndarray:
            batches = equal_batches(images, data.spec.levels, self.batch_size)
            return torch.cat([module.features(x.to(module.device)).cpu() for x in batches])[: len(images)].numpy()

        # One SVM per C; the validation split chooses among them.
        x, y = features(train.images), train.labels.numpy()
        validation_x, validation_y = features(validation.images), validation.labels.numpy()
        machines = {c: self._fit(c, x, y) for c in self.costs}
        errors = {c: float((svm.predict(validation_x) != validation_y).mean()) for c, svm in machines.items()}
        best = min(errors, key=errors.__getitem__)
        error = (machines[best].predict(features(measured.images)) != measured.labels.numpy()).mean()

        # Names state another data set and the number of labels.
        suffix = "" if self.data is None else f"_{data.name}"
        suffix += "" if self.labels_per_class is None else f"_n{len(y)}"
        protocol = {
            "labels": len(y),
            "labels_per_class": self.labels_per_class,
            "seed": self.seed,
            "features": x.shape[1],
            "images": len(measured.labels),
            "validation_images": len(validation_y),
            "validation_errors": {str(c): e for c, e in errors.items()},
            "converged": bool(machines[best].n_iter_ < machines[best].max_iter),
            "batch_size": self.batch_size,
            "batch_norm": module.batch_norm,
        }
        return Evaluation({f"probe_error{suffix}": float(error), f"probe_c{suffix}": best}, protocol=protocol)

    def _draw(self, train: ImageSet, data: ImageData) -> ImageSet:
        """Returns the labelled training images, in random order."""
        randomness, n = generator(self.seed, "probe"), self.labels_per_class
        if n is None:
            order = torch.randperm(len(train.labels), generator=randomness)
        else:
            key = "metrics.probe.labels_per_class"
            order = draw_labelled(train.labels, n, data.spec.classes, randomness, key, data.name)
        return ImageSet(train.images[order], train.labels[order])

    def _fit(self, c: float, x: np.ndarray, y: np.ndarray) -> LinearSVC:
        # Primal or dual problem, whichever is faster; both have the same optimum.
        machine = LinearSVC(C=c, dual="auto", random_state=derive_seed(self.seed, "solver") % 2**31)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the original stops after the same number of passes
            return machine.fit(x, y)
