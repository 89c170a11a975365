from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from genzoo.adversarial.game import Game
from genzoo.adversarial.gan import GAN
from genzoo.adversarial.historical import HistoricalAveraging
from genzoo.adversarial.rounds import Alternating, Simultaneous
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.nn.objectives import Wasserstein

RATE, WEIGHT = 0.1, 0.7
SLOPE = np.array([1.0, -2.0, 0.5])
START = {"discriminator": np.array([1.0, 2.0, 3.0]), "generator": np.array([-1.0, 0.0, 4.0])}
REAL = ImageBatch(torch.zeros(2, 1, 1, 1), torch.full((2,), -1))


class Point(nn.Module):
    """Two parameters of different shapes and nothing to do."""

    shape = (1, 1, 1)

    def __init__(self, values, latent=None):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(values[:2])[None]), nn.Parameter(torch.tensor(values[2:]))

    def values(self):
        return torch.cat([self.a[0], self.b])


class Slopes(Game):
    """Each player's loss is linear in its parameters."""

    def discriminator_loss(self, real):
        return self.discriminator.values() @ torch.tensor(SLOPE)

    def generator_loss(self, real):
        return self.generator.values() @ torch.tensor(SLOPE)


def make(kind=Slopes, **options):
    optimizer = partial(torch.optim.SGD, lr=RATE)
    return kind(
        generator=partial(Point, START["generator"]),
        discriminator=Point(START["discriminator"]),
        latent=Latent(noise=Normal(1)),
        optimizers={"discriminator": optimizer, "generator": optimizer},
        **options,
    ).ready()


def play(module):
    """One round, as ``RoundModule`` plays it; player -> its loss."""
    module.configure_optimizers()
    losses = {}
    for turn in module.turns():
        for player, loss_of in turn.losses.items():
            network = getattr(module, player)
            network.zero_grad()
            losses[player] = loss_of(real=REAL)
            losses[player].backward()
            torch.optim.SGD(network.parameters(), RATE).step()
            module.after_step(player)
    return {player: loss.item() for player, loss in losses.items()}


@pytest.mark.parametrize("round", [Alternating(), Simultaneous()])
@pytest.mark.parametrize("players", [["discriminator"], ["generator"], ["discriminator", "generator"]])
def test_a_player_is_drawn_to_the_mean_of_its_past(players, round):
    module = make(historical_averaging={player: HistoricalAveraging(WEIGHT) for player in players}, round=round)
    past = {player: [values] for player, values in START.items()}
    for _ in range(4):
        losses, recorded = play(module), module.meters.means()
        for player, history in past.items():
            away = history[-1] - np.mean(history, axis=0) if player in players else np.zeros(3)
            assert losses[player] == pytest.approx(SLOPE @ history[-1] + WEIGHT * (away**2).sum())
            history.append(history[-1] - RATE * (SLOPE + 2 * WEIGHT * away))
            np.testing.assert_allclose(getattr(module, player).values().detach(), history[-1])
        assert recorded.keys() == {f"historical_averaging/{player}" for player in players}
    assert recorded[f"historical_averaging/{players[0]}"].item() == pytest.approx(
        WEIGHT * ((past[players[0]][-2] - np.mean(past[players[0]][:-1], axis=0)) ** 2).sum()
    )


def test_it_goes_on_from_its_state_dict():
    one, other = (make(historical_averaging={"generator": HistoricalAveraging(WEIGHT)}) for _ in range(2))
    for _ in range(3):
        play(one)
    other.load_state_dict(one.state_dict())
    assert play(one) == play(other)
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))
    assert not list(one.historical_averaging.parameters()), "no optimizer moves it"


def test_the_history_begins_with_what_the_initialisation_made_of_the_networks():
    history = HistoricalAveraging(WEIGHT)
    module = make(
        kind=partial(GAN, objective=Wasserstein(), weight_clip=0.5), historical_averaging={"discriminator": history}
    )
    module.initialise(REAL.images)
    assert history.count.item() == 1, "no step was taken"
    module.follow_averages()  # as training does
    assert history.mean.tolist() == [0.5, 0.5, 0.5]
    with torch.no_grad():
        module.discriminator.a.fill_(-7)
    module.after_step("discriminator")  # clips first
    assert history.mean.tolist() == [0, 0, 0.5]
    assert history.count.item() == 2


def test_a_player_that_is_none_is_refused():
    with pytest.raises(
        GenzooError, match=r"model.historical_averaging.critic: no such player.*discriminator, generator"
    ):
        make(historical_averaging={"critic": HistoricalAveraging(WEIGHT)})


@pytest.mark.parametrize("weight", [0, -1.0])
def test_a_weight_that_is_not_positive_is_refused(weight):
    with pytest.raises(GenzooError, match=rf"model.historical_averaging: weight={weight}: a positive number"):
        HistoricalAveraging(weight)
