"""Shapes with captions: what they say, what training does not combine, what is read from images."""

import colorsys

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.text import to_sentences
from genzoo.data.captioned_shapes import CaptionedShapes
from genzoo.data.captions import PHRASES, describe, understood
from genzoo.data.shape_reader import hue_of, read_shapes
from genzoo.data.shapes import Shapes, draw


@pytest.fixture(scope="module")
def shapes():
    data = CaptionedShapes(size=32, n_train=3000, n_validation=50, n_test=1000)
    data.setup()
    return data


def expected(kind, hue, radius, x, y, _):
    """The values of one shape's attributes, by comparisons."""
    column, row = ((place > 0.4333333) + (place > 0.5666667) for place in (x, y))
    colour = min(range(8), key=lambda i: min(abs(hue - i / 8), 1 - abs(hue - i / 8)))
    return {"size": (radius > 0.2) + (radius > 0.25), "colour": colour, "kind": int(kind), "position": 3 * row + column}


def test_captions_say_what_is_in_the_image_and_are_not_always_the_same(shapes):
    found = shapes.split("test")
    assert found.given["caption"].shape == (1000, 4, 64)
    said = {name: 0 for name in PHRASES}
    for k in range(4):
        sentences = to_sentences(found.given["caption"][:, k])
        values = understood(sentences)
        assert torch.stack([*values.values()]).ge(0).any(0).all()
        for i, factors in enumerate(found.factors.tolist()):
            truth = expected(*factors)
            for name, value in values.items():
                assert value[i] in (truth[name], -1), (sentences[i], factors)
                said[name] += int(value[i] >= 0)
    assert all(0.67 < count / 4000 < 0.74 for count in said.values())
    assert sum(len(set(map(tuple, one.tolist()))) for one in found.given["caption"]) > 3900


def test_every_phrase_is_used_and_understood(shapes):
    sentences = " ".join(f" {one} " for one in to_sentences(shapes.split("train").given["caption"].flatten(0, 1)))
    for name, values in PHRASES.items():
        for i, phrases in enumerate(values):
            for phrase in phrases:
                assert f" {phrase} " in sentences
                assert understood([f"a {phrase} shape"])[name] == i
    assert max(map(len, sentences.split("  "))) <= 64


def test_training_images_lack_the_unseen_combinations_and_the_test_split_is_that_of_shapes(shapes):
    unseen = {(3, 3), (0, 0), (5, 2), (6, 1)}
    for split, has in (("train", False), ("validation", False), ("test", True)):
        pairs = {(v["colour"], v["kind"]) for v in (expected(*f) for f in shapes.split(split).factors.tolist())}
        assert bool(pairs & unseen) is has
        if split == "train":
            assert len(pairs) == 28
    plain = Shapes(n_train=1, n_validation=0, n_test=1000)
    assert torch.equal(plain.split("test").images, shapes.split("test").images)
    asked = shapes.asked(shapes.split("test").given)
    new = [(c, k) in unseen for c, k in zip(asked["colour"].tolist(), asked["kind"].tolist(), strict=True)]
    assert shapes.new(asked).tolist() == new
    assert 20 < sum(new) < 100


def test_all_but_the_test_images_keep_their_factors_and_captions(shapes):
    parts, whole = [shapes.split(split) for split in ("train", "validation")], shapes.development_images()
    assert torch.equal(whole.images, torch.cat([part.images for part in parts]))
    assert torch.equal(whole.factors, torch.cat([part.factors for part in parts]))
    assert torch.equal(whole.given["caption"], torch.cat([part.given["caption"] for part in parts]))
    assert whole.target is None


def test_almost_all_attributes_of_real_images_are_read(shapes):
    found = shapes.split("test")
    read = shapes.read(found.images)
    truth = [expected(*factors) for factors in found.factors.tolist()]
    for name, least in (("size", 0.98), ("colour", 0.995), ("kind", 0.995), ("position", 0.99)):
        right = sum(int(read[name][i] == one[name]) for i, one in enumerate(truth))
        assert right / len(truth) >= least, name


def test_the_reader_finds_the_factors_of_a_drawing():
    factors = torch.tensor([[2.0, 0.4, 0.25, 0.4, 0.6, 0.7]])
    shown, kind, hue, radius, x, y = (value.item() for value in read_shapes(draw(factors, 64)))
    assert (shown, kind) == (True, 2)
    assert (hue, radius, x, y) == pytest.approx((0.4, 0.25, 0.4, 0.6), abs=0.01)


def test_empty_images_show_nothing(shapes):
    assert {name: value.tolist() for name, value in shapes.read(torch.zeros(2, 3, 32, 32).byte()).items()} == {
        name: [-1, -1] for name in PHRASES
    }


def test_hues_are_those_of_another_library():
    colours = torch.rand(50, 3, generator=torch.Generator().manual_seed(0))
    wanted = [colorsys.rgb_to_hsv(*colour)[0] for colour in colours.tolist()]
    torch.testing.assert_close(hue_of(colours), torch.tensor(wanted))


def test_a_sentence_says_something_even_if_chance_drops_all():
    values = {name: torch.zeros(2000, dtype=torch.long) for name in PHRASES}
    sentences = describe(values, 1, torch.Generator().manual_seed(0))
    assert not any(one == ["a shape"] for one in sentences)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"unseen": ["gren cross"]}, r"^data\.unseen=gren cross: a colour and a kind are needed\. .*green"),
        ({"unseen": ["green"]}, r"^data\.unseen=green: a colour and a kind are needed"),
        (
            {"unseen": [f"{c} {k}" for c, _ in PHRASES["colour"] for k, _ in PHRASES["kind"]]},
            r"^data\.unseen: .* fewer",
        ),
        ({"captions": 0}, r"^data\.captions=0: a positive integer"),
    ],
)
def test_unknown_words_and_no_captions_are_refused(settings, message):
    with pytest.raises(GenzooError, match=message):
        CaptionedShapes(**settings)
