"""Emoji by two artists: read as they are, divided, paired or not."""

import numpy as np
import torch
from PIL import Image

from genzoo.data.emoji_pairs import DOMAINS, FOLDER, Emoji


def read(**settings):
    data = Emoji(**settings)
    data.setup()
    return data


def test_images_are_the_squares_of_the_sheets_in_reading_order():
    data = read()
    for domain in DOMAINS:
        sheet = np.asarray(Image.open(FOLDER / f"{domain}.png"))
        found = data.domain(domain, "test").images  # every fifth: 4, 9, ... of 27 columns
        for i, image in ((0, found[0]), (7, found[7]), (90, found[90])):
            row, column = divmod(5 * i + 4, 27)
            square = sheet[32 * row : 32 * (row + 1), 32 * column : 32 * (column + 1)]
            assert (image.permute(1, 2, 0).numpy() == square).all()


def test_partners_are_the_same_emoji():
    data = read()
    images, labels, _, target, _ = data.split("train")
    assert (len(images), len(labels.unique())) == (368, 3)
    one, other = (x.float().flatten(1) / 255 for x in (images, target))
    distances = torch.cdist(one, other)
    rank = (distances < distances.diag()[:, None]).sum(1)  # number of others that are nearer than the partner
    assert rank.median() < 20  # of 367; without pairs it would be 183
    assert torch.equal(data.domain("twemoji", "train").labels, labels)


def test_without_pairs_no_training_emoji_is_in_both_domains():
    paired, unpaired = read(), read(paired=False)
    pools = unpaired.pools()
    assert {len(pool.images) for pool in pools.values()} == {184}
    images, *_, target, _ = paired.split("train")
    assert torch.equal(pools["A"].images, images[::2])
    assert torch.equal(pools["B"].images, target[1::2])
    assert unpaired.split("test").target is not None
    assert unpaired.split("train").target is None
