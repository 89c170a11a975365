"""The weights of members and of training images, and the phases of boosting."""

import pytest
import torch

from genzoo.adversarial.boosting import ConstantShare, UniformShare, boosting_weights, mixture_weights
from genzoo.adversarial.phases import Phase, Phases
from genzoo.core.errors import GenzooError

ATOMS = 4  # the data are uniform on them


@pytest.mark.parametrize(
    ("model", "share", "level", "weights"),
    [
        ((0.4, 0.3, 0.2, 0.1), 0.5, 1, (0.1, 0.2, 0.3, 0.4)),
        ((0.4, 0.3, 0.2, 0.1), 0.25, 14 / 15, (0, 1 / 30, 1 / 3, 19 / 30)),
        ((0.5, 0.5, 0, 0), 0.5, 1, (0, 0, 0.5, 0.5)),
        ((0.25, 0.25, 0.25, 0.25), 0.1, 1, (0.25, 0.25, 0.25, 0.25)),
        ((1, 0, 0, 0), 1, 1, (0.25, 0.25, 0.25, 0.25)),  # the mixture so far is dropped
    ],
)
def test_weights_by_hand(model, share, level, weights):
    found, found_level = boosting_weights(torch.tensor(model).double() * ATOMS, share)
    assert found.tolist() == pytest.approx(weights)
    assert found_level == pytest.approx(level)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_the_level_solves_its_equation_and_is_at_most_one(share):
    ratios = torch.rand(1000, generator=torch.Generator().manual_seed(0)).double() ** 4
    ratios /= ratios.mean()
    weights, level = boosting_weights(ratios, share)
    assert weights.sum().item() == pytest.approx(1)
    assert (weights >= 0).all()
    low, high = 0.0, 1.0  # by bisection
    for _ in range(60):
        middle = (low + high) / 2
        total = (middle - (1 - share) * ratios).clamp(min=0).sum() / (1000 * share)
        low, high = (low, middle) if total > 1 else (middle, high)
    assert level == pytest.approx(low)
    assert level <= 1 + 1e-12


def test_the_new_mixture_is_the_closest_to_the_data_among_random_ones():
    data, model = torch.full((ATOMS,), 0.25), torch.tensor([0.7, 0.2, 0.1, 0.0])
    weights, _ = boosting_weights(model * ATOMS, 0.4)

    def divergence(new):  # KL(data || mixture)
        return (data * (data / (0.6 * model + 0.4 * new)).log()).sum(-1)

    others = torch.distributions.Dirichlet(torch.ones(ATOMS)).sample((10_000,))
    assert divergence(weights.float()) <= divergence(others).min() + 1e-6


def test_estimated_ratios_of_another_mean_still_give_a_distribution():
    for ratios in (torch.zeros(5), torch.full((5,), 1e300, dtype=torch.double), torch.tensor([900.0, 800, 700])):
        weights, _ = boosting_weights(ratios, 0.5)
        assert weights.sum().item() == pytest.approx(1)
    weights, level = boosting_weights(torch.tensor([0.0, torch.inf, 3, torch.inf]), 0.5)
    assert level == (4 * 0.5 + 0.5 * 3) / 2
    assert weights.tolist() == [1.75 / 2, 0, 0.25 / 2, 0]


@pytest.mark.parametrize("ratios", [[-1.0, 1.0], [torch.nan, 1.0], [torch.inf, torch.inf]])
def test_ratios_that_are_none_are_refused(ratios):
    with pytest.raises(GenzooError, match=r"ratios of densities: .*train the classifier for fewer rounds"):
        boosting_weights(torch.tensor(ratios), 0.5)


def test_shares_and_the_weights_of_members():
    uniform, constant = UniformShare(), ConstantShare(0.5)
    assert mixture_weights([uniform(t) for t in range(1, 6)]).tolist() == pytest.approx([0.2] * 5)
    assert mixture_weights([constant(t) for t in range(1, 5)]).tolist() == [0.125, 0.125, 0.25, 0.5]


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_a_constant_share_is_between_zero_and_one(share):
    with pytest.raises(GenzooError, match=rf"model.share.share={share}: a number between 0 and 1 is needed"):
        ConstantShare(share)


def test_phases_follow_each_other():
    phases = Phases(components=3, component_rounds=2, classifier_rounds=1)
    assert phases.rounds == 8
    assert [phases.at(round) for round in range(9)] == [
        Phase(0, "component", 0, 2),
        Phase(0, "component", 1, 2),
        Phase(1, "classifier", 0, 1),
        Phase(1, "component", 0, 2),
        Phase(1, "component", 1, 2),
        Phase(2, "classifier", 0, 1),
        Phase(2, "component", 0, 2),
        Phase(2, "component", 1, 2),
        Phase(3, "finished", 0, 0),
    ]


def test_repeats_of_turns_follow_the_phases():
    phases = Phases(components=3, component_rounds=2, classifier_rounds=1)

    def repeats(function):
        return [function(round) for round in range(9)]

    assert repeats(phases.begins("component", first=1)) == [0, 0, 0, 1, 0, 0, 1, 0, 0]
    assert repeats(phases.begins("classifier", first=2)) == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert repeats(phases.ends("component")) == [0, 1, 0, 0, 1, 0, 0, 1, 0]
    assert repeats(phases.during("component", lambda past: 5 - past)) == [5, 4, 0, 5, 4, 0, 5, 4, 0]


@pytest.mark.parametrize("key", ["components", "component_rounds", "classifier_rounds"])
def test_numbers_of_phases_are_positive(key):
    numbers = {"components": 2, "component_rounds": 2, "classifier_rounds": 2} | {key: 0}
    with pytest.raises(GenzooError, match=rf"model.{key}=0: a positive integer is needed"):
        Phases(**numbers)
