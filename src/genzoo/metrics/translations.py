"""A picture of translations."""

from genzoo.core.capabilities import Translates
from genzoo.core.checks import check_positive
from genzoo.core.pictures import picture_of_rows
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.translated import translated


@register
class Translations:
    """Rows of images, their translations, and their partners or, in two directions, the translations back.

    Args:
        columns: number of images, evenly spaced over the split.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({Translates})

    def __init__(self, columns: int = 10):
        check_positive("metrics.translations.columns", columns)
        self.columns = columns

    def __call__(self, module: RoundModule, data: TwoDomainData, split: str) -> Evaluation:
        """Returns the picture ``translations_<source>_to_<target>`` of each direction."""
        pictures = {}
        for found in translated(module, data, split, self.columns):
            source, target = found.domains
            rows = {source: found.images, f"to {target}": found.translated}
            if found.back in module.directions:
                rows["and back"] = module.translate(found.translated.to(module.device), *found.back).cpu()
            if found.partners is not None:
                rows[target] = found.partners
            pictures[f"translations_{source}_to_{target}"] = picture_of_rows(rows)
        return Evaluation(pictures=pictures)
