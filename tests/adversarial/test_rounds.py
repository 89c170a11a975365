"""Who moves when in a game, on which images and codes."""

import pytest
import torch

from genzoo.adversarial.rounds import Alternating, Shared, Simultaneous
from genzoo.core.errors import GenzooError
from support.gans import fixed_codes, make, real_batch


@pytest.mark.parametrize(
    ("round", "turns"),
    [(Alternating(), [["discriminator"], ["generator"]]), (Simultaneous(), [["discriminator", "generator"]])],
)
def test_players_move_in_turn_or_at_once(round, turns):
    module = make(round=round)
    assert [list(turn.losses) for turn in module.turns()] == turns
    assert [(stream.name, stream.batches) for stream in module.streams()] == [("real", 1)]
    for turn in module.turns():
        for player, loss in turn.losses.items():
            assert loss == getattr(module, f"{player}_loss")


def test_the_generator_may_take_several_steps_on_new_images_each():
    module = make(round=Alternating(generator_steps=3, generator_batches=2))
    *_, last = module.turns()
    assert (list(last.losses), last.repeats, last.streams[0].batches) == (["generator"], 3, 2)
    assert module.streams()[0].batches == 6
    with pytest.raises(GenzooError, match=r"model\.round\.generator_steps=0: a positive integer"):
        Alternating(generator_steps=0)


def play(module, rounds=1, n=6):
    """Rounds on the same real images by hand, as ``RoundModule`` plays them: the generator's passes, the losses."""
    passes, losses = [], []
    hook = module.generator.register_forward_hook(lambda *_: passes.append(1))
    module.configure_optimizers()
    optimizers = {player: torch.optim.SGD(ps, 0.1) for player, ps in module._parameters_of.items()}
    for _ in range(rounds):
        for turn in module.turns():
            (arguments,) = turn.draws(real=real_batch(n))
            for player, loss_of in turn.losses.items():
                with module.only(player):
                    optimizers[player].zero_grad()
                    losses.append(loss_of(**arguments))
                    losses[-1].backward()
                optimizers[player].step()
                module.after_step(player)
    hook.remove()
    return len(passes), [loss.item() for loss in losses]


def test_players_that_share_images_are_given_the_same_ones_and_move_in_turn_or_at_once():
    for at_once in (False, True):
        module = make(round=Shared(at_once))
        (turn,) = module.turns()
        assert turn.at_once == at_once
        (arguments,) = turn.draws(real=real_batch())
        z, images = arguments["made"]
        assert torch.equal(module.generator(z), images)
        fakes = module.detached_fakes(**arguments)
        assert not fakes[1].requires_grad
        assert all(torch.equal(a, b) for a, b in zip(fakes, (z, images), strict=True))
        improved = torch.autograd.grad(module.generator_loss(**arguments), images)[0]
        assert improved.abs().sum() > 0


def test_shared_images_save_a_pass_and_change_nothing_else(monkeypatch):
    # With the same codes for both players, two passes give what one gives.
    one, two = make(round=Shared()), make()
    for module in (one, two):
        fixed_codes(module, monkeypatch)
    (passes, losses), (twice, same) = play(one, rounds=3), play(two, rounds=3)
    assert (passes, twice) == (3, 6)
    assert losses == pytest.approx(same, rel=1e-5)
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_critic_steps_and_doubled_batches_are_in_the_turns():
    module = make(round=Alternating(discriminator_steps=5, generator_batches=2))
    critic, maker = module.turns()
    assert critic.repeats_in(0) == 5
    assert maker.repeats_in(0) == 1
    assert [(s.name, s.batches) for turn in (critic, maker) for s in turn.streams] == [("real", 1), ("real", 2)]
    assert [s.batches for s in module.streams()] == [5]
    assert make(round=Alternating(lambda rounds: 100 - rounds)).streams(60)[0].batches == 40


@pytest.mark.parametrize("key", ["discriminator_steps", "generator_batches"])
@pytest.mark.parametrize("value", [0, -1, 1.5])
def test_numbers_of_steps_and_batches_are_positive_integers(key, value):
    with pytest.raises(GenzooError, match=rf"model.round.{key}={value}: a positive integer is needed"):
        Alternating(**{key: value})
