"""Diagrams follow their rule, all are different, and each option but the first has one attribute wrong."""

import itertools

import torch

from genzoo.data.diagrams import Diagrams
from genzoo.data.drawn_diagrams import VALUES, draw, strokes

EVERY = torch.tensor(list(itertools.product(*map(range, VALUES.values()))))


def read(diagrams):
    """The values of the attributes of diagrams (n, 32, 32), by their drawings."""
    drawn = draw(EVERY).flatten(1)
    return EVERY[(drawn[None] == diagrams.flatten(1)[:, None]).all(2).int().argmax(1)]


def test_all_diagrams_are_different_and_show_their_attributes():
    assert len(EVERY) == 512
    assert len(draw(EVERY).flatten(1).unique(dim=0)) == 512
    assert torch.equal(read(draw(EVERY)), EVERY)
    hand, dot, bars, frame = strokes().values()
    x, y = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="xy")
    for parts, radius in ((hand, 0.2 * 16), (dot, 0.6 * 16)):
        for i, part in enumerate(parts):  # clockwise from the top
            way = torch.tensor([torch.tensor(i * torch.pi / 4).sin(), -torch.tensor(i * torch.pi / 4).cos()])
            centre = torch.stack([x[part].mean(), y[part].mean()]) - 15.5
            torch.testing.assert_close(centre, radius * way, atol=1.0, rtol=0)
    assert [len(bar.any(0).int().diff().clamp(min=0).nonzero()) for bar in bars] == [1, 2, 3, 4]
    assert not frame[0].any()
    assert frame[1, 0].all()
    assert not frame[1, 1:-1, 1:-1].any()


def test_each_attribute_changes_by_its_step():
    data = Diagrams(n_train=30, n_test=1)
    found = data.split("train")
    assert found.images.shape == (30, 1, 6, 32, 32)
    start, step = found.factors.long().chunk(2, 1)
    sizes = torch.tensor([8, 8, 4, 2])
    values = torch.stack([read(diagrams) for diagrams in found.images[:, 0].transpose(0, 1)])  # (6, n, 4)
    assert torch.equal(values[0], start)
    assert (values.diff(dim=0) % sizes == step).all()
    assert data.spec.factors[:2] == ("hand_start", "dot_start")
    for column, n in zip((*start.T, *step.T), (8, 8, 4, 2) * 2, strict=True):
        assert column.min() == 0 or n == 8
        assert column.max() < n


def test_options_are_the_answer_and_one_mistake_in_each_attribute():
    data = Diagrams(n_train=1, n_test=20)
    test, options = data.split("test"), data.choices("test")
    assert torch.equal(options[:, 0], test.images[:, :, 5])
    values = torch.stack([read(of_one[:, 0]) for of_one in options])
    assert ((values != values[:, :1]).int() == torch.eye(5, dtype=torch.int32)[:, 1:]).all()
    assert torch.equal(options, data.choices("test"))


def test_the_seed_decides_and_the_splits_differ():
    a, b, c = (Diagrams(n_train=9, n_test=9, diagrams_seed=seed) for seed in (0, 0, 1))
    assert torch.equal(a.split("train").images, b.split("train").images)
    assert not torch.equal(a.split("train").images, c.split("train").images)
    assert not torch.equal(a.split("train").images, a.split("test").images)
