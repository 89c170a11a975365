from itertools import combinations

import pytest
import torch

from genzoo.core.randomness import derive_seed, generator


@pytest.mark.parametrize(
    ("keys", "seed"), [((0, "round", 1), 137971086), ((7, "order", "real", 3), 532180337), ((0, "a"), 2761835999)]
)
def test_seeds_never_change_between_versions(keys, seed):
    assert derive_seed(*keys) == seed


def test_different_keys_give_different_seeds():
    keys = [
        *[(0,), (1,), (0, "a"), (0, "b"), (1, "a"), (0, "a", "b"), (0, "b", "a"), (0, "ab"), (0, 0, "a")],
        *[(0, "a", 0), (0, "a", 0, 0), (0, "a", 1), (0, "a", 1, 2), (0, "a", 2, 1), (0, "a", 1, 2, 3, 4)],
    ]
    same = [(one, other) for one, other in combinations(keys, 2) if derive_seed(*one) == derive_seed(*other)]
    assert same == []


def test_seeds_are_32_bit_and_spread():
    seeds = torch.tensor([derive_seed(0, "round", r) for r in range(2000)], dtype=torch.float64) / 2**32
    assert len(seeds.unique()) == 2000
    assert 0 <= seeds.min() < 0.01
    assert 0.99 < seeds.max() < 1
    assert seeds.mean().item() == pytest.approx(0.5, abs=0.03)


def test_a_generator_depends_on_its_keys_only():
    def draw(*keys):
        return torch.rand(3, generator=generator(*keys))

    first = draw(0, "grid")
    torch.manual_seed(5)
    assert torch.equal(draw(0, "grid"), first)
    assert not torch.equal(draw(0, "filler"), first)
    assert torch.equal(first, torch.rand(3, generator=torch.Generator().manual_seed(derive_seed(0, "grid"))))
