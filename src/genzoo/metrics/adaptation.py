"""Errors of a classifier on a domain of which it knew no labels."""

from genzoo.core.capabilities import Adapts
from genzoo.core.images import from_levels
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.labels import known
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.batches import in_chunks
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.nearest import nearest


@register
class Adaptation:
    """The share of images of the second domain that are assigned to a wrong class.

    Besides the split's images, these are the domain's training images, whose labels the model did not see: small
    protocols of adaptation test on them. A nearest neighbour among the first domain's training images, by pixels, is
    the baseline.

    Source: Liu, Tuzel 2016, arXiv 1606.07536, section 4; mingyuliutw/CoGAN, cogan_pytorch/exps: test_data_b.
    """

    needs = frozenset({Adapts})

    def __call__(self, module: RoundModule, data: TwoDomainData, split: str) -> Evaluation:
        """Returns ``adaptation_error`` and ``adaptation_error_training``, each also with ``_nearest``."""
        values, counts = {}, {}
        first, second = data.spec.domains
        labelled = known(data.domain(first, "train"))
        for name, part in (("adaptation_error", split), ("adaptation_error_training", "train")):
            found = known(data.domain(second, part))
            if not (n := len(found.labels)):
                continue
            images = from_levels(found.images, data.spec.levels)
            logits = in_chunks(module.classify_target, images, module.device)
            values[name] = (logits.argmax(1) != found.labels).float().mean().item()
            counts[part] = n
            if images.shape[1:] == labelled.images.shape[1:]:
                closest = nearest(found.images.flatten(1), [labelled.images.flatten(1)], 1)[1][:, 0]
                values[f"{name}_nearest"] = (labelled.labels[closest] != found.labels).float().mean().item()
        return Evaluation(values, protocol={"images": counts, "labelled": len(labelled.labels)})
