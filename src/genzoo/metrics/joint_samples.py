"""Generated images of two domains that should correspond."""

from genzoo.core.capabilities import SamplesJointly
from genzoo.core.checks import check_positive
from genzoo.core.images import to_levels
from genzoo.core.pictures import picture_of_rows
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.evaluation import Evaluation


@register
class JointSamples:
    """A picture of both domains' images of the same codes and, for a known rule, how well they obey it.

    Args:
        samples: number of images of each domain that the agreement is measured on.
        columns: number of images in the picture.
        seed: seed of the codes.

    Raises:
        GenzooError: a number is not a positive integer.

    Source: Liu, Tuzel 2016, arXiv 1606.07536, section 4: pixel agreement ratio (how pixels are binarised is unverified;
        here, at half of the range).
    """

    needs = frozenset({SamplesJointly})

    def __init__(self, samples: int = 10_000, columns: int = 10, seed: int = 0):
        check_positive("metrics.joint_samples.samples", samples)
        check_positive("metrics.joint_samples.columns", columns)
        self.samples, self.columns, self.seed = samples, columns, seed

    def __call__(self, module: RoundModule, data: TwoDomainData, split: str) -> Evaluation:
        """Returns the picture ``joint_samples``, and ``pixel_agreement`` if the data has a rule for partners."""
        n = self.columns if data.rule is None else max(self.columns, self.samples)
        made = {of: x.cpu() for of, x in module.sample_jointly(n, generator(self.seed, "joint_samples")).items()}
        shown = (x[: self.columns] for x in made.values())
        pictures = {"joint_samples": picture_of_rows(dict(zip(data.spec.domains, shown, strict=True)))}
        if data.rule is None:
            return Evaluation(pictures=pictures)

        # Partners of the first domain's images, by the rule, against the images of the second domain.
        levels = {of: to_levels(x[: self.samples]) for of, x in made.items()}
        agree = (data.rule(levels["A"]) > 127) == (levels["B"] > 127)
        protocol = {"samples": self.samples, "threshold": 127, "seed": self.seed}
        return Evaluation({"pixel_agreement": agree.float().mean().item()}, pictures, protocol)
