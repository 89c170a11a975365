"""Metrics of label maps: of translations into them, and of photographs that a segmenter finds them in."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, jaccard_score

from genzoo.core.capabilities import Translates
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.data.module import split_of
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.extractors import segmenter
from genzoo.metrics.fcn_score import FCNScore
from genzoo.metrics.label_maps import classes_of, scores
from genzoo.metrics.segmentation import Segmentation

COLOURS = torch.tensor([[250, 10], [0, 0], [100, 250]])  # two levels each; a mask has their first, a photograph both


class Squares(TwoDomainData):
    """Random squares of three materials: photographs with noise, in colour, and masks, in grey."""

    name = "squares"

    def __init__(self, paired=True):
        super().__init__(16, 3, domains=("photo", "mask"), target_channels=1, paired=paired)
        self.palettes = {"mask": torch.tensor([[250], [0], [100]], dtype=torch.uint8)}

    def load_domains(self):
        draws = torch.Generator().manual_seed(0)
        photos, masks = {}, {}
        for split, n in (("train", 40), ("validation", 0), ("test", 12)):
            classes = torch.randint(3, (n, 4, 4), generator=draws).repeat_interleave(4, 1).repeat_interleave(4, 2)
            colours = COLOURS[classes]  # (n, H, W, 2)
            noise = torch.randint(5, (n, 16, 16, 1), generator=draws)
            photos[split] = split_of(torch.cat([colours, noise], -1).movedim(-1, 1).to(torch.uint8))
            masks[split] = split_of(colours[..., :1].movedim(-1, 1).to(torch.uint8))
        return photos, masks


class Painter(Inference):
    """To masks: the first channel, plus a little; to photographs: the colours of the materials, or black."""

    device = torch.device("cpu")
    directions = (("A", "B"), ("B", "A"))

    def __init__(self, shift=0.1, black=False):
        super().__init__()
        self.shift, self.black = shift, black

    def capabilities(self):
        return frozenset({Translates})

    def translate(self, images, source="A", target="B", generator=None):
        if target == "B":
            return images[:, :1] + self.shift
        if self.black:
            return -torch.ones(len(images), 3, 16, 16)
        classes = classes_of((images + 1) * 127.5, torch.tensor([[250], [0], [100]]))
        colours = COLOURS[classes].movedim(-1, 1) / 127.5 - 1
        return torch.cat([colours, -torch.ones(len(images), 1, 16, 16)], 1)


@pytest.fixture
def squares():
    data = Squares()
    data.setup()
    return data


def test_scores_are_those_of_scikit_learn():
    draws = np.random.default_rng(0)
    found, wanted = draws.integers(4, size=(2, 3, 8, 8))
    values = scores(torch.from_numpy(found), torch.from_numpy(wanted), 5)  # one class does not occur
    flat = wanted.ravel(), found.ravel()
    assert values == {
        "pixel_accuracy": pytest.approx(accuracy_score(*flat)),
        "class_accuracy": pytest.approx(balanced_accuracy_score(*flat)),
        "class_iou": pytest.approx(jaccard_score(*flat, average="macro")),
    }


def test_a_pixel_has_the_class_of_the_nearest_colour():
    palette = torch.tensor([[0, 0, 0], [200, 0, 0], [255, 255, 255]], dtype=torch.uint8)
    pixels = torch.tensor([[90, 10, 0], [110, 10, 0], [255, 200, 200]], dtype=torch.uint8).T[None, :, :, None]
    assert classes_of(pixels, palette).flatten().tolist() == [0, 1, 2]


def test_translations_into_label_maps_are_scored(squares):
    found = Segmentation()(Painter(), squares, "test")
    assert found.values == {f"{name}_ab": 1.0 for name in ("pixel_accuracy", "class_accuracy", "class_iou")}
    assert found.protocol == {"ab": {"images": 12, "classes": 3}}
    lighter = Segmentation(images=6)(Painter(shift=0.5), squares, "test")  # levels 0 -> 64, nearer to 100
    masks = squares.domain("mask", "test").images[torch.arange(6) * 2]
    assert lighter.values["pixel_accuracy_ab"] == pytest.approx((masks > 0).float().mean().item())


def test_without_pairs_or_label_maps_nothing_is_scored(squares):
    unpaired = Squares(paired=False)
    unpaired.setup()
    plain = Squares()
    plain.palettes = {}
    plain.setup()
    for metric in (Segmentation(), FCNScore()):
        for data in (unpaired, plain):
            assert metric(Painter(), data, "test").values == {}


def test_a_segmenter_finds_the_labels_in_good_photographs_only(squares, tmp_path, monkeypatch):
    monkeypatch.setattr(segmenter, "STEPS", 150)
    before = torch.get_rng_state()
    good = FCNScore(cache=tmp_path)(Painter(), squares, "test").values
    assert torch.equal(torch.get_rng_state(), before)
    assert good["fcn_pixel_accuracy_real"] > 0.95
    assert good["fcn_pixel_accuracy"] > 0.95
    (path,) = (tmp_path / "segmenters").glob("*.pt")
    stored = path.read_bytes()
    black = FCNScore(cache=tmp_path)(Painter(black=True), squares, "test").values
    assert black["fcn_pixel_accuracy"] < 0.6
    assert {k: v for k, v in black.items() if "real" in k} == {k: v for k, v in good.items() if "real" in k}
    assert path.read_bytes() == stored
    path.write_bytes(b"damaged")
    assert FCNScore(cache=tmp_path)(Painter(), squares, "test").values == good
    assert path.read_bytes() != b"damaged"


@pytest.mark.parametrize("metric", [Segmentation, FCNScore])
def test_no_images_are_refused(metric):
    with pytest.raises(GenzooError, match=r"images=0: a positive integer is needed"):
        metric(images=0)
