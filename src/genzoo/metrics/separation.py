"""Base of the metrics of how well a score separates a model's data from another data set."""

from collections.abc import Callable
from typing import Any

from sklearn.metrics import roc_auc_score
from torch import Tensor

from genzoo.core.batches import DataSpec
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.rounds import RoundModule
from genzoo.data.binarise import binarise
from genzoo.data.module import ImageData
from genzoo.metrics.batches import check_images, evenly_spaced
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.scored import check_finite, conditions


class Separation:
    """Base of the metrics that score images of the model's data and of another set, higher for the former.

    Subclasses set ``name``, ``scored`` and ``needs`` and implement ``score`` and ``estimator``.

    Args:
        data: function that builds the other data set, not loaded yet, as close to the model's ``DataSpec`` as possible.
        images: number of images of each set, evenly spaced over the split; None = all.
        batch_size: images per pass.
        seed: seed of the draws.

    Raises:
        GenzooError: a setting is not a positive integer.
    """

    name: str  #: of the metric in the configuration
    scored: str  #: what the score is, for messages
    needs: frozenset[type]

    def __init__(self, data: Callable[[DataSpec], ImageData], images: int | None, batch_size: int, seed: int):
        check_positive(f"metrics.{self.name}.batch_size", batch_size)
        check_images(self.name, images)
        self.data, self.images, self.batch_size, self.seed = data, images, batch_size, seed

    def score(self, module: RoundModule, levels: Tensor, own: DataSpec, name: str) -> Tensor:
        """Scores (N,) of levels, uint8 (N, C, H, W), of the set of that name; ``own`` is that of the model's data."""
        raise NotImplementedError

    def estimator(self, module: RoundModule) -> dict[str, Any]:
        """The protocol's entries about the computation of scores."""
        raise NotImplementedError

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``<name>_auroc_<other set>``: P(the score of an image of the data exceeds that of one of the other).

        This is the area under the receiver operating characteristic; 1 = always, 0.5 = chance; a tie counts half.

        Raises:
            GenzooError: the other set does not fit the model, or a score is not finite.
        """
        other = self.data(data.spec)
        self._check(other.spec, data.spec)
        other.prepare_data()
        known, unknown = (evenly_spaced(d.evaluation_images(split).images, self.images) for d in (data, other))
        if not len(known) or not len(unknown):
            return Evaluation()
        # A model of binary images needs binary images of the other set, too.
        drawn = other.spec.levels != data.spec.levels
        if drawn:
            unknown = binarise(unknown, generator(self.seed, "binarised", other.name))
        scores = []
        for levels, name in ((known, data.name), (unknown, other.name)):
            found = self.score(module, levels, data.spec, name)
            check_finite(f"metrics.{self.name}", f"{self.scored} of {name}", found)
            scores += found.tolist()
        truth = [1] * len(known) + [0] * len(unknown)
        protocol = {
            "against": other.name,
            "against_source": other.source,
            "against_classes": other.only_classes and [*other.only_classes],
            "against_images": len(unknown),
            "against_of_images": other.count(split),
            "against_levels": "binarised, 1 with probability level / 255" if drawn else "its own",
            **self.estimator(module),
            **conditions(module, data, split, len(known), self.batch_size),
        }
        value = float(roc_auc_score(truth, scores))
        return Evaluation({f"{self.name}_auroc_{other.name}": value}, protocol=protocol)

    @staticmethod
    def _check(other: DataSpec, own: DataSpec) -> None:
        """Raises GenzooError if the model does not accept the other set's shape or number of levels."""
        shapes = [spec.shape for spec in (other, own)]
        if shapes[0] != shapes[1]:
            raise GenzooError(
                f"metrics.against={other.name}: its images are {shapes[0]} (channels, height, width), but those of "
                f"the model's data={own.name} are {shapes[1]}; choose a set of that shape, or noise or shapes."
            )
        if other.levels != own.levels and (own.levels, other.levels) != (2, 256):
            raise GenzooError(
                f"metrics.against={other.name}: its pixels have {other.levels or 'no'} levels, but those of the "
                f"model's data={own.name} have {own.levels}; choose a set with the same number."
            )
