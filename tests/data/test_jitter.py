"""Crops of enlarged images and reflections: where pixels come from, and that pairs are changed together."""

import pytest
import torch
from torch import Generator
from torch.nn.functional import interpolate

from genzoo.core.batches import ImageSet, Stream
from genzoo.core.errors import GenzooError
from genzoo.data.jitter import Jitter
from genzoo.data.loader import RoundLoader


def noise(*shape):
    return torch.randint(256, shape, dtype=torch.uint8, generator=Generator().manual_seed(0))


def test_a_crop_is_a_part_of_the_enlarged_image_and_all_parts_occur():
    image = noise(1, 2, 4, 4)
    large = interpolate(image.float(), (6, 6), mode="bilinear").round().to(torch.uint8)[0]
    parts = [large[:, i : i + 4, j : j + 4] for i in range(3) for j in range(3)]
    crops = Jitter(4, enlarged=1.5)(image.expand(200, -1, -1, -1), Generator().manual_seed(1))
    found = [[torch.equal(crop, part) for part in parts].index(True) for crop in crops]
    assert set(found) == set(range(9))


def test_about_half_of_the_images_are_reflected_and_the_others_are_as_they_were():
    images = noise(1000, 1, 2, 3)
    jittered = Jitter(2, flip=True)(images, Generator().manual_seed(0))
    reflected = (jittered == images.flip(-1)).flatten(1).all(1)
    assert torch.equal(jittered[~reflected], images[~reflected])
    assert 430 < reflected.sum() < 570  # 4.4 standard deviations


def test_nothing_is_changed_without_settings():
    images = noise(3, 1, 2, 2)
    jitter = Jitter(2)
    assert not jitter.changes
    assert torch.equal(jitter(images, Generator()), images)


def test_both_images_of_a_pair_are_changed_alike_on_one_rank_and_on_two():
    images = noise(8, 1, 4, 4)
    pairs = ImageSet(images, torch.arange(8), None, torch.cat([images, 255 - images], 1))

    def drawn(rank, world_size):
        loader = RoundLoader(
            {"train": pairs},
            lambda round: [Stream("real")],
            batch_size=8,
            rounds=2,
            seed=0,
            augment=Jitter(4, enlarged=1.5, flip=True),
            rank=rank,
            world_size=world_size,
        )
        return [batch.real for batch in loader]

    whole = drawn(0, 1)
    for batch in whole:
        assert batch.images.shape == (8, 1, 4, 4)
        assert torch.equal(batch.target[:, :1], batch.images)
        assert torch.allclose(batch.target[:, 1:], -batch.images, atol=0.01)  # rounded to levels
        assert not torch.equal(batch.images.sort(0).values, images.sort(0).values.float() / 127.5 - 1)
    for first, second, both in zip(drawn(0, 2), drawn(1, 2), whole, strict=True):
        assert torch.equal(torch.cat([first.target, second.target]), both.target)
        assert torch.equal(torch.cat([first.images, second.images]), both.images)


def test_less_than_the_size_is_refused():
    with pytest.raises(GenzooError, match=r"data\.enlarged=286: a factor from 1 to 2 is needed, or null for no crop\."):
        Jitter(4, enlarged=286)
