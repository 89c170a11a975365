"""The AM score of samples: how certain a classifier is of each sample, and how well their classes match the images'."""

from pathlib import Path

import torch
from torch import Tensor

from genzoo.core.batches import Images
from genzoo.core.cache import cache_folder
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_positive
from genzoo.core.entropy import entropy, log_mean
from genzoo.core.images import to_levels
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.extractors.classifier import classifier, load_classifier
from genzoo.metrics.extractors.extractor import to_bytes
from genzoo.metrics.extractors.training import classifier_of, has_classifier

STANDARD = 10_000  # samples; names of values measured with another number end in it
CHUNK = 500  # images per pass of the classifier


def am_score(images: Tensor, samples: Tensor) -> float:
    """E H(C(x)) + KL(p || q) in nats; lower is better.

    C(x) are the class probabilities of a sample, p and q are their means over the images and over the samples.

    Args:
        images: logits (N, K) of images.
        samples: logits (n, K) of samples.

    Example:
        >>> certain = 100 * torch.eye(2)
        >>> round(am_score(certain, torch.zeros(2, 2)), 4)  # log 2 + 0
        0.6931
    """
    log_c = samples.double().log_softmax(1)
    log_p, log_q = log_mean(images.double().log_softmax(1)), log_mean(log_c)
    divergence = (log_p.exp() * (log_p - log_q)).sum()
    return (entropy(log_c).mean() + divergence).clamp(min=0).item()  # rounding may give -1e-17


@register
class AMScore:
    """The AM score by the classifier of ``fidelity`` for the data's classes.

    The paper's classifier is another one (a DenseNet), so values are comparable with each other only; their names end
    in ``_classifier``. The images are those of the training and validation splits.

    Args:
        samples: number of samples; with a number other than 10,000 names end in ``_n<samples>``.
        seed: seed of the samples.
        cache: folder for the classifier if it has to be trained; None = ``$XDG_CACHE_HOME/genzoo``.

    Raises:
        GenzooError: the number of samples is not a positive integer.

    Source: Zhou et al. 2018, arXiv 1703.02000, the section on the AM score.
    """

    needs = frozenset({Samples, Images})

    def __init__(self, samples: int = STANDARD, seed: int = 0, cache: str | Path | None = None):
        check_positive("metrics.am_score.samples", samples)
        self.samples, self.seed, self.cache = samples, seed, cache_folder(cache)

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``am_score_classifier``; empty if the data has no classes to train a classifier on."""
        n = data.spec.levels
        if not has_classifier(data):
            return Evaluation()
        path = classifier_of(data, self.cache, module.device)
        network = load_classifier(path).to(module.device)

        def logits(levels: Tensor) -> Tensor:
            with torch.no_grad():
                return torch.cat([network(to_bytes(x, n).to(module.device))[1].cpu() for x in levels.split(CHUNK)])

        images = data.development_images().images
        samples = to_levels(module.sample(self.samples, generator=generator(self.seed, "am_score")), n).cpu()
        suffix = "" if self.samples == STANDARD else f"_n{self.samples}"
        extractor = classifier(path)
        return Evaluation(
            {f"am_score_classifier{suffix}": am_score(logits(images), logits(samples))},
            protocol={
                "samples": self.samples,
                "seed": self.seed,
                "batch_norm": module.batch_norm,
                "images": len(images),
                "extractor": {"name": extractor.name, "weights_sha256": extractor.sha256, **extractor.facts},
            },
        )
