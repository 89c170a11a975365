import numpy as np
import torch

from genzoo.reinforcement.normaliser import Normaliser


def test_it_standardises_by_all_that_it_was_shown():
    shown = np.random.default_rng(0).normal([3, -100], [2, 0.1], (700, 2))
    normaliser = Normaliser(2)
    for part in np.split(shown, [1, 200, 201]):
        normaliser.update(torch.as_tensor(part))
    expected = (shown - shown.mean(0)) / shown.std(0)
    assert np.allclose(normaliser(torch.as_tensor(shown)), expected, atol=1e-4)
    assert normaliser.count == 700


def test_before_it_was_shown_anything_it_changes_nothing():
    x = torch.randn(3, 2)
    assert torch.equal(Normaliser(2)(x), x)


def test_it_can_be_undone():
    normaliser = Normaliser(1)
    normaliser.update(torch.tensor([[5.0], [9.0], [1.0]]))
    x = torch.tensor([[4.0], [7.0]])
    assert torch.allclose(normaliser.inverse(normaliser(x)), x)


def test_a_number_that_never_changes_stays_finite():
    normaliser = Normaliser(2)
    normaliser.update(torch.tensor([[1.0, 0.1], [2.0, 0.1]]))
    assert torch.allclose(normaliser(torch.tensor([[1.5, 0.1]])), torch.zeros(1, 2), atol=0.1)
