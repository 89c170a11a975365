"""Photographs translated from label maps, by whether a segmenter finds the labels in them."""

from pathlib import Path

import torch
from torch import Tensor

from genzoo.core.cache import cache_folder
from genzoo.core.capabilities import Translates
from genzoo.core.images import to_levels
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.extractors.segmenter import BATCH, Segmenter, segmenter_of
from genzoo.metrics.label_maps import classes_of, scores
from genzoo.metrics.translated import translated


@register
class FCNScore:
    """Scores of the label maps that a segmenter computes from translated label maps, and from real photographs.

    The segmenter is genzoo's, small, and trained on the training pairs of the data: values are not comparable with
    those of papers, whose segmenter is FCN-8s.

    Args:
        images: number of images, evenly spaced over the split; None = all.
        cache: folder for the segmenters; None = ``$XDG_CACHE_HOME/genzoo``.

    Raises:
        GenzooError: the number is not a positive integer.

    Source: Isola et al. 2017, arXiv 1611.07004, section 4.1: FCN-score.
    """

    needs = frozenset({Translates})

    def __init__(self, images: int | None = None, cache: str | Path | None = None):
        check_images("fcn_score", images)
        self.images, self.cache = images, cache_folder(cache)

    def __call__(self, module: RoundModule, data: TwoDomainData, split: str) -> Evaluation:
        """Returns ``fcn_pixel_accuracy``, ``fcn_class_accuracy``, ``fcn_class_iou``, and ``_real`` of photographs.

        They are of the direction from label maps; nothing without one, or without pairs.
        """
        values: dict[str, float] = {}
        if not data.palettes or not (data.are_partners(split) and data.are_partners("train")):
            return Evaluation()
        for found in translated(module, data, split, self.images):
            labels, photographs = found.domains
            if (palette := data.palettes.get(labels)) is None:
                continue
            maps = classes_of(data.domain(labels, "train").images, palette)
            real = data.domain(photographs, "train").images
            network = segmenter_of(real, maps, len(palette), self.cache, module.device)
            wanted = classes_of(to_levels(found.images), palette)
            assert found.partners is not None
            for name, images in (("", found.translated), ("_real", found.partners)):
                of_images = scores(segmented(network, to_levels(images)), wanted, len(palette))
                values.update({f"fcn_{score}{name}": value for score, value in of_images.items()})
        return Evaluation(values)


def segmented(network: Segmenter, images: Tensor) -> Tensor:
    """The classes of pixels, int64 (N, H, W), of levels, uint8 (N, C, H, W)."""
    device = next(network.parameters()).device
    with torch.no_grad():
        return torch.cat([network(x.to(device)).argmax(1).cpu() for x in images.split(BATCH)])
