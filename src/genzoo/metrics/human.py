"""Human judgement of samples: a page on which a visitor classifies images as real or generated."""

import base64
import io
import json
from importlib.resources import files

import torch
from PIL import Image
from torch import Tensor

from genzoo.core.batches import Images
from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation


@register
class HumanJudgement:
    """Writes the page ``human``, which shows real and generated images one by one and counts a visitor's errors.

    Half of the images are real ones, drawn from the split, half are samples, rounded to the data's levels. The page
    needs nothing but a browser.

    Args:
        images: number of images shown, even; fewer if the split has less than half of it.
        seed: seed of the choice, the samples and the order.

    Raises:
        GenzooError: the number of images is not even or not positive.

    Source: Salimans et al. 2016, arXiv 1606.03498, section 6.
    """

    needs = frozenset({Samples, Images})

    def __init__(self, images: int = 100, seed: int = 0):
        if not isinstance(images, int) or images < 2 or images % 2:
            raise GenzooError(f"metrics.human.images={images}: expected an even number of at least 2.")
        self.images, self.seed = images, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns the page; empty if the split is."""
        if not len(found := data.evaluation_images(split).images):
            return Evaluation()
        randomness = generator(self.seed, "human")
        real = found[torch.randperm(len(found), generator=randomness)[: self.images // 2]]
        samples = module.sample(len(real), generator=generator(self.seed, "human samples"))
        levels = torch.cat([real, to_levels(samples.cpu(), data.spec.levels)])
        is_real = torch.arange(len(levels)) < len(real)
        order = torch.randperm(len(levels), generator=randomness)
        page = judgement_page(levels[order], is_real[order], data.spec.levels, f"{data.name}, {split}")
        protocol = {"real": len(real), "generated": len(real), "seed": self.seed}
        return Evaluation(protocol=protocol, pages={"human": page})


def judgement_page(levels: Tensor, is_real: Tensor, n_levels: int, title: str) -> str:
    """Returns the page as HTML.

    Args:
        levels: images in the order in which they are shown, uint8 (N, C, H, W).
        is_real: bool (N,); encoded in the page's source.
        n_levels: number of levels of a pixel.
        title: description of the images.
    """
    truth = json.dumps(["real" if real else "generated" for real in is_real.tolist()])
    deck = {
        "title": title,
        "truth": base64.b64encode(truth.encode()).decode(),
        "images": [_data_uri(image) for image in to_levels(from_levels(levels, n_levels))],
    }
    template = files("genzoo.metrics").joinpath("human.html").read_text(encoding="utf-8")
    return template.replace("{{deck}}", json.dumps(deck).replace("<", "\\u003c"))  # no "</script>" from a title


def _data_uri(image: Tensor) -> str:
    """Returns an image, uint8 (C, H, W), as the data URI of a PNG."""
    pixels = image.permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if len(image) == 1 else pixels).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
