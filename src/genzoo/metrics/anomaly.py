"""Whether a model assigns a higher likelihood to its own data than to another data set."""

from collections.abc import Callable

from sklearn.metrics import roc_auc_score
from torch import Tensor

from genzoo.core.batches import DataSpec
from genzoo.core.capabilities import ScoresLikelihood
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.binarise import binarise
from genzoo.data.module import ImageData
from genzoo.metrics.batches import evenly_spaced
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.scored import check_finite, conditions, estimator, log_prob


@register
class AnomalyDetection:
    """How well log p(x) separates images of the model's data from images of another data set.

    Args:
        data: function that builds the other data set, not loaded yet, as close to the model's ``DataSpec`` as possible.
        n_importance: posterior draws per image, for models whose likelihood is not exact.
        images: number of images of each set, evenly spaced over the split; None = all.
        batch_size: images per pass.
        seed: seed of the draws.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: Nalisnick et al. 2018, arXiv 1810.09136, whose models find some other sets likelier than their own.
    """

    needs = frozenset({ScoresLikelihood})

    def __init__(
        self,
        data: Callable[[DataSpec], ImageData],
        n_importance: int = 128,
        images: int | None = 1000,
        batch_size: int = 100,
        seed: int = 0,
    ):
        for key, value in (("n_importance", n_importance), ("batch_size", batch_size)):
            check_positive(f"metrics.anomaly.{key}", value)
        if images is not None:
            check_positive("metrics.anomaly.images", images)
        self.data, self.n_importance, self.images = data, n_importance, images
        self.batch_size, self.seed = batch_size, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``anomaly_auroc_<other set>``: P(an image of the data is likelier than an image of the other set).

        This is the area under the receiver operating characteristic; 1 = always, 0.5 = chance; a tie counts half.

        Raises:
            GenzooError: the other set does not fit the model, or an image's likelihood is not finite.
        """
        if data.spec.levels is None:
            return Evaluation()
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
        scores = [self._score(module, levels, d.name) for levels, d in ((known, data), (unknown, other))]
        truth = [1] * len(known) + [0] * len(unknown)
        protocol = {
            "against": other.name,
            "against_source": other.source,
            "against_images": len(unknown),
            "against_of_images": other.count(split),
            "against_levels": "binarised, 1 with probability level / 255" if drawn else "its own",
            **estimator(module, self.n_importance, self.seed),
            **conditions(module, data, split, len(known), self.batch_size),
        }
        auroc = roc_auc_score(truth, [*scores[0], *scores[1]])
        return Evaluation({f"anomaly_auroc_{other.name}": float(auroc)}, protocol=protocol)

    def _score(self, module: RoundModule, levels: Tensor, name: str) -> list[float]:
        """log p(x) of each image in nats."""
        draws = generator(self.seed, "anomaly", name, device=module.device)
        scores = log_prob(module, levels, self.n_importance, self.batch_size, draws)
        check_finite("metrics.anomaly", f"log p(x) of {name}", scores)
        return scores.tolist()

    @staticmethod
    def _check(other: DataSpec, own: DataSpec) -> None:
        """Raises GenzooError if the model does not accept the other set's shape or number of levels."""
        shapes = [(spec.channels, spec.size, spec.size) for spec in (other, own)]
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
