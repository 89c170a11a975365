"""The latest transitions."""

import numpy as np
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.reinforcement.replay_pool import ReplayPool, Transitions


def numbered(first, n):
    """Transitions whose entries tell their number."""
    numbers = torch.arange(first, first + n, dtype=torch.float32)[:, None]
    return Transitions(torch.cat([numbers, numbers + 100], 1), numbers + 200, torch.cat([numbers + 300] * 2, 1))


def kept(pool):
    return sorted(pool.observations[: len(pool), 0].tolist())


def test_the_oldest_give_way():
    pool = ReplayPool(2, 1, capacity=5, minimum=4)
    sizes = []
    for first, n in ((0, 3), (3, 3), (6, 1), (7, 12)):
        pool.add(numbered(first, n))
        sizes.append((len(pool), pool.ready, kept(pool)[0]))
    assert sizes == [(3, False, 0), (5, True, 1), (5, True, 2), (5, True, 14)]
    assert kept(pool) == [14, 15, 16, 17, 18]
    pool.add(numbered(19, 2))
    assert kept(pool) == [16, 17, 18, 19, 20]


def test_transitions_are_drawn_whole_and_alike_from_what_is_there():
    torch.manual_seed(0)
    pool = ReplayPool(2, 1, capacity=50, minimum=1)
    pool.add(numbered(1, 4))
    observations, actions, following = pool.draw(4000, 2)
    assert observations.shape == (4000, 2, 2)
    number = observations[..., 0]
    assert torch.equal(observations[..., 1], number + 100)
    assert torch.equal(actions[..., 0], number + 200)
    assert torch.equal(following[..., 0], number + 300)
    counts = number.flatten().long().bincount()
    assert len(counts) == 5
    assert all(abs(count - 2000) < 200 for count in counts[1:])


def test_statistics_are_those_of_what_is_there():
    pool = ReplayPool(2, 1, capacity=50, minimum=1)
    given = numbered(1, 4)
    pool.add(given)
    found = pool.standardised(numbered(9, 1))
    o, a = given.observations.numpy(), given.actions.numpy()
    assert np.allclose(found.observations, ([[9.0, 109.0]] - o.mean(0)) / o.std(0))
    assert np.allclose(found.actions, ([[209.0]] - a.mean(0)) / a.std(0))
    assert np.allclose(found.following, ([[309.0, 309.0]] - o.mean(0)) / o.std(0))
    assert found.observations.dtype == torch.float32


def test_what_never_changes_is_zero():
    pool = ReplayPool(1, 1, capacity=9, minimum=1)
    same = Transitions(*torch.full((3, 7, 1), 0.1))
    pool.add(same)
    assert pool.standardised(same).observations.abs().max() < 1e-6


def test_it_is_part_of_the_state():
    pool, other = (ReplayPool(2, 1, capacity=5, minimum=1) for _ in range(2))
    pool.add(numbered(0, 7))
    other.load_state_dict(pool.state_dict())
    assert kept(other) == kept(pool) == [2, 3, 4, 5, 6]
    for one in (pool, other):
        one.add(numbered(7, 1))
    assert torch.equal(pool.observations, other.observations)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"capacity": 0}, "model.pool.capacity=0: a positive integer"),
        ({"minimum": 2.5}, "model.pool.minimum=2.5: a positive integer"),
        ({"capacity": 100}, "model.pool.minimum=500: the pool keeps only model.pool.capacity=100 transitions"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(GenzooError, match=message):
        ReplayPool(2, 1, **options)
