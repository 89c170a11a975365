"""Fidelity of samples, by the features of a fixed network: FID, Inception score, KID, precision, recall."""

import logging
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from genzoo.core.batches import Images
from genzoo.core.cache import cache_folder
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError, near
from genzoo.core.hashes import hash_of_content
from genzoo.core.images import to_levels
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SPLITS, ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.extractors.bridge import IMPLEMENTATION, METRICS, measure
from genzoo.metrics.extractors.choose import EXTRACTORS, at_hand, choose
from genzoo.metrics.extractors.extractor import Extractor, to_bytes
from genzoo.metrics.extractors.inception import check_weights

log = logging.getLogger("genzoo")
_logged: WeakKeyDictionary[RoundModule, set[str]] = WeakKeyDictionary()


@register
class Fidelity:
    """Compares samples with images in the feature space of a fixed network, the extractor.

    FID is |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁Σ₂)^½) of the features' means and covariances; the Inception score
    is exp E KL(p(y|x) | p(y)) of the network's class probabilities for samples; KID is the unbiased squared MMD under
    the kernel (x·y / d + 1)³; precision is the fraction of samples that are closer to some image than that image's k-th
    neighbour, and recall is the same with images and samples exchanged.

    The reference is all images except the test split, even if a recipe trains on fewer. Only values of the Inception
    extractor are comparable with papers. With another extractor, names end in ``_<extractor>``; with one split as
    reference, in ``_vs_<split>_<images>``; with a number of samples other than the protocol's, in ``_n<samples>``.

    Args:
        metrics: any of ``fid``, ``inception_score``, ``kid``, ``precision_recall``.
        extractor: ``inception``, ``efficientnet_lite0``, ``classifier``, or ``auto``: the first of them that is
            available.
        samples: number of samples; None = 50,000 for Inception, 10,000 for others.
        reference: the split that samples are compared with; None = training and validation.
        batch_size: images per pass; part of the protocol, since the samples depend on it.
        seed: seed of the samples, and of KID's subsets.
        inception_score_splits: number of parts, in the order drawn, whose Inception scores are averaged.
        kid_subsets, kid_subset_size: number and size of the random subsets over which KID is averaged.
        neighbourhood: k of precision and recall.
        weights: file of Inception's weights; None = the file in torch's folder of downloaded weights.
        weights_hash: SHA-256 of that file, or its first digits; None = that of the published file.
        cache: folder for features of reference images and for trained classifiers; None = ``$XDG_CACHE_HOME/genzoo``.

    Raises:
        GenzooError: a setting is out of range, there are too few samples, or the weights have another hash.

    Source: Heusel et al. 2017, arXiv 1706.08500 (FID); Salimans et al. 2016, arXiv 1606.03498 (Inception score);
    Bińkowski et al. 2018, arXiv 1801.01401 (KID); Kynkäänniemi et al. 2019, arXiv 1904.06991 (precision, recall).
    """

    needs = frozenset({Samples, Images})

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
        # Check names and numbers before anything is loaded.
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
        # torch-fidelity's arguments per metric, and the smallest number of images that each metric needs.
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
                f"metrics.fidelity.weights={weights}: extractor={extractor} needs no file; leave it out, or choose "
                "extractor=inception."
            )
        if self.weights:
            check_weights(self.weights, weights_hash)
        self.cache = cache_folder(cache)

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``fid``, ``inception_score``, ``inception_score_std``, ``kid``, ``precision``, ``recall``.

        A metric for which there are too few reference images is left out.

        Raises:
            GenzooError: no extractor is available or fits the data; the cache cannot be written.
        """
        random = generator(self.seed, "fidelity")
        return self.compare(partial(module.sample, generator=random), self.samples, module, data)

    def compare(
        self, sample: Callable[[int], Tensor], n: int | None, module: RoundModule, data: ImageData
    ) -> Evaluation:
        """Compares n images with those of a data set; returns as when called.

        Args:
            sample: m -> images (m, C, H, W) in [-1, 1]; called until there are n of them.
            n: number of images; None = the protocol's.
            module: whose images these are.
            data: loaded.

        Raises:
            GenzooError: as when called, or there are too few images.
        """
        self.check(data, module.device)
        self._check_cache()
        extractor = choose(self.extractor, data, module.device, self.cache, self.weights, self.weights_hash)
        caution = ": not comparable with papers" if extractor.suffix else ""
        _log_once(module, f"fidelity is measured with the {extractor.name} extractor{caution}")

        # The samples' number, the reference images and the metrics that these allow.
        n, levels = n or extractor.samples, data.spec.levels
        self._check_samples(n)
        splits = (self.reference,) if self.reference else ("train", "validation")
        images = (data.evaluation_images(self.reference) if self.reference else data.development_images()).images
        reference = to_bytes(images, levels)
        content = hash_of_content(reference)
        metrics = self._possible(module, data, len(reference))
        if not metrics:
            return Evaluation()

        def draw(m: int) -> Tensor:
            return to_bytes(to_levels(sample(m), levels), levels)

        settings = {key: value for metric in metrics for key, value in self.settings.get(metric, {}).items()}
        run = {"batch_size": self.batch_size, "rng_seed": self.seed}
        cache = self.cache / "features"
        found = measure(metrics, draw, n, reference, content, extractor, cache, module.device, settings | run)
        # Names state every deviation from the protocol; of a streamed set, only a part is in memory.
        whole = len(reference) == sum(data.count(split) for split in splits)
        against = f"_vs_{self.reference}" if self.reference else "" if whole else "_vs"
        against += f"_{len(reference)}" if against else ""
        count = "" if n == extractor.samples else f"_n{n}"
        no_reference = ("inception_score", "inception_score_std")
        return Evaluation(
            {
                f"{name}{extractor.suffix}{'' if name in no_reference else against}{count}": value
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
                "extractor": _description(extractor),
                "implementation": IMPLEMENTATION,
                **settings,
            },
        )

    @property
    def is_named(self) -> bool:
        """Whether the extractor was chosen by name."""
        return self.extractor != "auto"

    def check(self, data: ImageData, device: torch.device) -> None:
        """Checks that samples of these data can be measured on a device; the data need not be loaded.

        Raises:
            GenzooError: they cannot; the message gives a remedy.
        """
        if data.spec.levels is None or data.spec.channels not in (1, 3):
            raise GenzooError(f"data={data.name} are not grey or colour images; leave fidelity out.")
        at_hand(self.extractor, data, device, self.weights)

    def _check_samples(self, n: int) -> None:
        for metric in self.metrics:
            if n < self.least[metric]:
                raise GenzooError(
                    f"metrics.fidelity.samples={n}: {metric} needs at least {self.least[metric]}; draw more, or leave "
                    "it out of metrics.fidelity.metrics."
                )

    def _possible(self, module: RoundModule, data: ImageData, images: int) -> list[str]:
        """Returns the metrics for which there are enough reference images; the Inception score needs none."""
        lacking = [m for m in self.metrics if m != "inception_score" and images < self.least[m]]
        if lacking:
            _log_once(
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
                f"metrics.fidelity.cache={self.cache}: cannot be created ({error.strerror}); give a writable folder."
            ) from error
        if not os.access(self.cache, os.W_OK):
            raise GenzooError(f"metrics.fidelity.cache={self.cache}: not writable; give a writable folder.")


def _description(extractor: Extractor) -> dict[str, Any]:
    description = {"name": extractor.name, "weights_sha256": extractor.sha256, "resize": extractor.resize}
    return description | dict(extractor.facts)


def _log_once(module: RoundModule, line: str) -> None:
    """Logs a line once per model."""
    logged = _logged.setdefault(module, set())
    if line not in logged:
        logged.add(line)
        log.info(line)
