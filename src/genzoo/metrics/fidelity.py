"""How close samples are to images, by the features of a fixed network: FID, Inception score, KID, precision, recall."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from genzoo.core.cache import cache_folder
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError, near
from genzoo.core.images import to_levels
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SPLITS, ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.extractors.bridge import IMPLEMENTATION, METRICS, measure
from genzoo.metrics.extractors.choose import EXTRACTORS, at_hand, choose
from genzoo.metrics.extractors.extractor import Extractor, hash_of_content, to_bytes
from genzoo.metrics.extractors.inception import check_weights

log = logging.getLogger("genzoo")
_said: WeakKeyDictionary[RoundModule, set[str]] = WeakKeyDictionary()


@register
class Fidelity:
    """Samples beside images in the feature space of a fixed network, the extractor.

    FID is |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁Σ₂)^½) of the features' means and covariances; the Inception score
    exp E KL(p(y|x) | p(y)) of the classes that the network sees in samples; KID the unbiased squared MMD under the
    kernel (x·y / d + 1)³; precision the fraction of samples that are no farther from some image than that image's k-th
    neighbour, and recall the reverse.

    The reference is all images but the test split's, however many of them a recipe trains on. Only Inception's numbers
    compare with papers. Names of all others end in ``_<extractor>``, against one split in ``_vs_<split>_<images>``,
    with another number of samples than the protocol's in ``_n<samples>``.

    Args:
        metrics: of ``fid``, ``inception_score``, ``kid``, ``precision_recall``.
        extractor: ``inception``, ``efficientnet_lite0``, ``classifier``, or ``auto``: the first of them at hand.
        samples: how many are drawn; None = 50,000 for Inception, 10,000 for others.
        reference: the split that samples are compared with; None = training and validation.
        batch_size: images a pass; part of the protocol, as the samples depend on it.
        seed: of the samples, and of KID's subsets.
        inception_score_splits: so many parts of the samples, in the order drawn, whose scores are averaged.
        kid_subsets, kid_subset_size: KID is the mean over so many random subsets of so many images.
        neighbourhood: k, of precision and recall.
        weights: file of Inception's weights; None = where torch keeps them.
        weights_hash: SHA-256 of that file, or how it begins; None = that of the published file.
        cache: folder for features of reference images and for trained classifiers; None = ``$XDG_CACHE_HOME/genzoo``.

    Raises:
        GenzooError: a setting is out of range, samples are too few, or weights are not what they should be.

    Source: Heusel et al. 2017, arXiv 1706.08500 (FID); Salimans et al. 2016, arXiv 1606.03498 (Inception score);
    Bińkowski et al. 2018, arXiv 1801.01401 (KID); Kynkäänniemi et al. 2019, arXiv 1904.06991 (precision, recall).
    """

    needs = frozenset({Samples})

    def __init__(
        self,
        metrics: Sequence[str] = tuple(METRICS),
        extractor: str = "auto",
        samples: int | None = None,
        reference: str | None = None,
        batch_size: int = 128,
        seed: int = 0,
        inception_score_splits: int = 10,
        kid_subsets: int = 100,
        kid_subset_size: int = 1000,
        neighbourhood: int = 3,
        weights: str | Path | None = None,
        weights_hash: str | None = None,
        cache: str | Path | None = None,
    ):
        for key, given, accepted in (
            *(("metrics", metric, METRICS) for metric in metrics),
            ("extractor", extractor, EXTRACTORS),
            *([("reference", reference, SPLITS)] if reference is not None else ()),
        ):
            if given not in accepted:
                raise GenzooError(f"metrics.fidelity.{key}={given}: unknown. {near(given, accepted)}")
        for key, value, least in (
            ("samples", 1 if samples is None else samples, 1),
            ("batch_size", batch_size, 1),
            ("inception_score_splits", inception_score_splits, 1),
            ("kid_subsets", kid_subsets, 1),
            ("kid_subset_size", kid_subset_size, 2),
            ("neighbourhood", neighbourhood, 1),
        ):
            check_integer(f"metrics.fidelity.{key}", value, least)
        self.metrics, self.extractor, self.samples, self.reference = tuple(metrics), extractor, samples, reference
        self.batch_size, self.seed = batch_size, seed
        self.settings = {
            "inception_score": {"isc_splits": inception_score_splits, "samples_shuffle": False},
            "kid": {"kid_subsets": kid_subsets, "kid_subset_size": kid_subset_size},
            "precision_recall": {"prc_neighborhood": neighbourhood},
        }
        self.least = {
            "fid": 2,
            "inception_score": inception_score_splits,
            "kid": kid_subset_size,
            "precision_recall": neighbourhood + 1,
        }
        if samples is not None:
            self._check_samples(samples)
        self.weights, self.weights_hash = Path(weights).expanduser() if weights else None, weights_hash
        if self.weights and extractor not in ("auto", "inception"):
            raise GenzooError(
                f"metrics.fidelity.weights={weights}: extractor={extractor} takes no file; leave it out, or choose "
                "extractor=inception."
            )
        if self.weights:
            check_weights(self.weights, weights_hash)
        self.cache = cache_folder(cache)

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """``fid``, ``inception_score``, ``inception_score_std``, ``kid``, ``precision``, ``recall``; see the class.

        Nothing of data that are no pixels; a metric for which there are too few reference images is left out.

        Raises:
            GenzooError: no extractor is at hand or fits the data; the cache cannot be written.
        """
        if data.spec.levels is None:  # points in the plane
            return Evaluation()
        self.check(data, module.device)
        self._check_cache()
        extractor = choose(self.extractor, data, module.device, self.cache, self.weights, self.weights_hash)
        caution = ": not comparable with papers" if extractor.suffix else ""
        _say_once(module, f"fidelity is measured by the {extractor.name} extractor{caution}")

        n, levels = self.samples or extractor.samples, data.spec.levels
        self._check_samples(n)
        splits = (self.reference,) if self.reference else ("train", "validation")
        images = (data.evaluation_images(self.reference) if self.reference else data.development_images()).images
        reference = to_bytes(images, levels)
        content = hash_of_content(reference)
        metrics = self._possible(module, data, len(reference))
        if not metrics:
            return Evaluation()
        random = generator(self.seed, "fidelity")

        def draw(m: int) -> Tensor:
            return to_bytes(to_levels(module.sample(m, generator=random), levels), levels)

        settings = {key: value for metric in metrics for key, value in self.settings.get(metric, {}).items()}
        run = {"batch_size": self.batch_size, "rng_seed": self.seed}
        cache = self.cache / "features"
        found = measure(metrics, draw, n, reference, content, extractor, cache, module.device, settings | run)
        whole = len(reference) == sum(data.count(split) for split in splits)  # of streamed images a part is held
        against = f"_vs_{self.reference}" if self.reference else "" if whole else "_vs"
        against += f"_{len(reference)}" if against else ""
        count = "" if n == extractor.samples else f"_n{n}"
        alone = ("inception_score", "inception_score_std")  # of samples alone
        return Evaluation(
            {
                f"{name}{extractor.suffix}{'' if name in alone else against}{count}": value
                for name, value in found.items()
            },
            protocol={
                "samples": n,
                "seed": self.seed,
                "batch_size": self.batch_size,
                "batch_norm": module.batch_norm,
                "reference": {
                    "data": data.name,
                    "source": data.source,
                    "split": " + ".join(split for split in splits if data.count(split)),
                    "images": len(reference),
                    "hash": content,
                },
                "extractor": _told(extractor),
                "implementation": IMPLEMENTATION,
                **settings,
            },
        )

    @property
    def is_named(self) -> bool:
        """Whether the extractor was chosen by its name."""
        return self.extractor != "auto"

    def check(self, data: ImageData, device: torch.device) -> None:
        """Refuses data whose samples cannot be measured on a device; they need not be loaded.

        Raises:
            GenzooError: with what would help.
        """
        if data.spec.levels is None or data.spec.channels not in (1, 3):
            raise GenzooError(f"data={data.name} are no grey or coloured pixels; leave fidelity out.")
        at_hand(self.extractor, data, device, self.weights)

    def _check_samples(self, n: int) -> None:
        for metric in self.metrics:
            if n < self.least[metric]:
                raise GenzooError(
                    f"metrics.fidelity.samples={n}: {metric} needs {self.least[metric]} at least; draw more, or leave "
                    "it out of metrics.fidelity.metrics."
                )

    def _possible(self, module: RoundModule, data: ImageData, images: int) -> list[str]:
        """The metrics for which there are enough reference images; the Inception score needs none."""
        lacking = [m for m in self.metrics if m != "inception_score" and images < self.least[m]]
        if lacking:
            _say_once(
                module,
                f"{', '.join(lacking)} not measured: the reference, data={data.name}, has {images} images, but "
                f"{max(self.least[m] for m in lacking)} are needed.",
            )
        return [m for m in self.metrics if m not in lacking]

    def _check_cache(self) -> None:
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GenzooError(
                f"metrics.fidelity.cache={self.cache}: cannot be made ({error.strerror}); give a folder to write to."
            ) from error
        if not os.access(self.cache, os.W_OK):
            raise GenzooError(f"metrics.fidelity.cache={self.cache}: cannot be written; give a folder that can.")


def _told(extractor: Extractor) -> dict[str, Any]:
    told = {"name": extractor.name, "weights_sha256": extractor.sha256, "resize": extractor.resize}
    return told | dict(extractor.facts)


def _say_once(module: RoundModule, line: str) -> None:
    """Logs a line once a run."""
    said = _said.setdefault(module, set())
    if line not in said:
        said.add(line)
        log.info(line)
