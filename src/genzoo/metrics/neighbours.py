"""Distance of samples from the nearest training images, compared with that of held-out images."""

import math
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from genzoo.core.batches import DataSpec, Images, Shown
from genzoo.core.cache import cache_folder
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError, near
from genzoo.core.images import from_levels, to_levels
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.extractors.choose import EXTRACTORS, choose
from genzoo.metrics.extractors.extractor import to_bytes
from genzoo.metrics.extractors.features import feature_network
from genzoo.metrics.nearest import CHUNK, nearest
from genzoo.metrics.show import show


@register
class NearestNeighbours:
    """The training images nearest to samples, and their distances: memorised samples are nearer than new images.

    In pixel space the distance is the root of the mean squared difference over pixels and channels, in levels, or in
    the units of continuous data; in feature space it is Euclidean, and metric names have the extractor's suffix. Both
    are measured for samples and for the split's images, which were held out from training: samples that are much nearer
    than those are memorised.
    The reverse does not hold: a training image shifted by one pixel is far away.

    Args:
        rows: number of samples shown.
        neighbours: number of training images shown beside each sample.
        samples: number of samples measured, and of the split's first images.
        extractor: feature extractor, as for ``Fidelity``; None = pixel space only.
        seed: seed of the samples.
        cache: folder for the classifier if it has to be trained; None = ``$XDG_CACHE_HOME/genzoo``.

    Raises:
        GenzooError: a setting is out of range.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, figure 2; its limits: Theis et al. 2016, arXiv 1511.01844.
    """

    needs = frozenset({Samples, Shown})

    def __init__(
        self,
        rows: int = 10,
        neighbours: int = 5,
        samples: int = 1000,
        extractor: str | None = "auto",
        seed: int = 0,
        cache: str | Path | None = None,
    ):
        for key, value in (("rows", rows), ("neighbours", neighbours), ("samples", samples)):
            check_positive(f"metrics.neighbours.{key}", value)
        if rows > samples:
            raise GenzooError(f"metrics.neighbours.rows={rows}: only {samples} samples are drawn; raise samples.")
        if extractor is not None and extractor not in EXTRACTORS:
            raise GenzooError(f"metrics.neighbours.extractor={extractor}: unknown. {near(extractor, EXTRACTORS)}")
        self.rows, self.neighbours, self.samples, self.extractor = rows, neighbours, samples, extractor
        self.seed, self.cache = seed, cache_folder(cache)

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``nearest_pixel_distance`` and ``nearest_feature_distance``, also for held-out images, and pictures.

        Names of the values for held-out images end in ``_held_out``. Pictures: ``neighbours_pixels`` and
        ``neighbours_features``.

        Raises:
            GenzooError: there are fewer training images than neighbours, or the extractor is not available.
        """
        n = data.spec.levels
        train = data.evaluation_images("train").images
        if self.neighbours > len(train):
            raise GenzooError(
                f"metrics.neighbours.neighbours={self.neighbours}: data={data.name} has only {len(train)} training "
                "images; choose fewer neighbours."
            )
        # Samples and held-out images are measured in the same way.
        samples = to_levels(module.sample(self.samples, generator=generator(self.seed, "neighbours")), n).cpu()
        queries = torch.cat([samples, data.evaluation_images(split, self.samples).images])
        values, pictures = {}, {}

        def measure(space: str, suffix: str, embed: Callable[[Tensor], Tensor], unit: float) -> None:
            embedded = torch.cat([embed(x) for x in queries.split(CHUNK)])
            distances, indices = nearest(embedded, (embed(x) for x in train.split(CHUNK)), self.neighbours)
            distances, indices = (distances / unit).cpu(), indices.cpu()
            of_samples, of_held_out = distances[:, 0].split([self.samples, len(queries) - self.samples])
            values[f"nearest_{space}_distance{suffix}"] = of_samples.mean().item()
            if len(of_held_out):
                values[f"nearest_{space}_distance_held_out{suffix}"] = of_held_out.mean().item()
            pictures[f"neighbours_{space}s"] = self._picture(samples, train[indices[: self.rows]], distances, data.spec)

        # The root of the number of values turns the distance into a root mean square.
        measure("pixel", "", lambda x: x.flatten(1).to(module.device), math.sqrt(train[0].numel()))
        unit = "their units" if n is None else f"levels 0..{n - 1}"
        protocol = {
            "samples": self.samples,
            "seed": self.seed,
            "batch_norm": module.batch_norm,
            "training_images": len(train),
            "held_out": {"split": split, "images": len(queries) - self.samples},
            "pixel_distance": f"root mean square over pixels and channels, in {unit}",
        }
        # The same in the feature space of the extractor, which is one of images.
        if self.extractor and Images in data.spec.kinds:
            extractor = choose(self.extractor, data, module.device, self.cache)
            features = feature_network(extractor, module.device)
            measure("feature", extractor.suffix, lambda x: features(to_bytes(x, n)), 1)
            protocol["extractor"] = {"name": extractor.name, "weights_sha256": extractor.sha256, **extractor.facts}
        return Evaluation(values, pictures, protocol)

    def _picture(self, samples: Tensor, neighbours: Tensor, distances: Tensor, spec: DataSpec) -> Image.Image:
        rows = torch.cat([samples[: self.rows, None], neighbours], dim=1)
        captions = [text for row in distances[: self.rows].tolist() for text in ("sample", *(f"{d:.3g}" for d in row))]
        images = show(from_levels(rows.flatten(0, 1), spec.levels), spec)
        return picture(images, self.neighbours + 1, captions=captions)
