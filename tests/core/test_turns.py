"""Who moves when, by which loss of which draws."""

from functools import partial

import pytest
import torch
from torch import nn

from genzoo.core.averages import Polyak
from genzoo.core.rounds import Turn
from support.games import REAL, SGD, AfterEachRound, Game, play, values


@pytest.mark.parametrize(
    ("alternating", "second"),
    [
        (True, 2 - 0.1 * 0.7),  # sees the first one's step
        (False, 2 - 0.1 * 1.0),  # does not
    ],
)
def test_the_second_player_sees_the_first_ones_step_in_alternating_turns_only(alternating, second):
    module = play(Game(alternating))
    assert values(module) == pytest.approx((1 - 0.1 * (2 + 1), second))


@pytest.mark.parametrize(("alternating", "second"), [(True, 0.7), (False, 1.0)])
def test_a_loss_leaves_the_other_players_gradient_untouched(alternating, second):
    module = play(Game(alternating))
    assert module.first.value.grad.item() == pytest.approx(3.0)
    assert module.second.value.grad.item() == pytest.approx(second)


def test_only_the_mover_requires_a_gradient_while_its_loss_is_taken():
    module = Game()
    required = []

    def loss(real, of):
        required.append((module.first.value.requires_grad, module.second.value.requires_grad))
        return of.value * 1

    module.declared = tuple(
        Turn({player: partial(loss, of=getattr(module, player))}, REAL) for player in ("first", "second")
    )
    play(module)
    assert required == [(True, False), (False, True)]
    assert module.first.value.requires_grad
    assert module.second.value.requires_grad


def test_a_player_that_has_no_turn_does_not_move():
    module = Game()
    module.declared = (Turn({"first": module.first_loss}, REAL),)
    play(module)
    assert values(module) == pytest.approx((0.7, 2.0))
    assert module.second.value.grad is None


def test_a_module_may_have_one_player():
    class Alone(Game):
        def players(self):
            return {"first": [self.first]}

    module = Alone(optimizers={"first": SGD})
    module.declared = (Turn({"first": module.first_loss}, REAL),)
    assert values(play(module)) == pytest.approx((0.7, 2.0))


def test_a_module_that_evaluated_is_trained_in_training_mode():
    modes = []
    module = Game().eval()
    play(module, callbacks=[AfterEachRound(lambda trainer, module: modes.extend(m.training for m in module.modules()))])
    assert modes
    assert all(modes)


def test_a_frozen_parameter_stays_frozen():
    module = Game()
    module.first.frozen = nn.Parameter(torch.tensor(5.0), requires_grad=False)
    play(module)
    assert not module.first.frozen.requires_grad
    assert module.first.frozen.item() == 5.0
    assert values(module) == pytest.approx((0.7, 1.93))


def test_each_step_is_followed_by_its_after_step():
    class Clipped(Game):
        def after_step(self, player):
            if player == "first":
                self.first.value.data.clamp_(max=0.5)

    module = play(Clipped(averages={"first": Polyak()}))
    assert values(module) == pytest.approx((0.5, 2 - 0.1 * 0.5))
    assert module.averages["first"].network.value.item() == 0.5


def noted(module, order, name):
    """A loss that notes that it was taken, and on which arguments."""

    def loss(**arguments):
        order.append((name, arguments))
        return module.first.value * 1

    return loss


def test_draws_yield_the_losses_arguments_and_each_is_made_after_the_step_before():
    module, order = Game(), []

    def draws():
        for x in (7, 8):
            order.append(f"made at {module.first.value.item():.1f}")
            yield {"x": x}
        order.append(f"ended at {module.first.value.item():.1f}")

    module.declared = (Turn({"first": noted(module, order, "a")}, repeats=2, draws=draws),)
    play(module)
    once = [("a", {"x": 7}), ("a", {"x": 8})]
    assert order[:5] == ["made at 1.0", once[0], "made at 0.9", once[1], "ended at 0.8"]
    assert order[5:] == ["made at 0.8", once[0], "made at 0.7", once[1], "ended at 0.6"]


def test_draws_that_yield_nothing_move_nobody():
    module, called = Game(), []
    module.declared = (Turn({"first": module.first_loss}, draws=lambda: called.append(1) or ()),)
    assert values(play(module)) == pytest.approx((1.0, 2.0))
    assert called == [1]


def test_what_is_collected_reaches_all_turns_of_its_round_and_the_count_of_what_was_seen():
    class Collecting(Game):
        def collect(self):
            return {"sheet": f"round {self.progress.rounds}"}

        def seen_in(self, batch, sheet):
            order.append(sheet)
            return super().seen_in(batch)

    module, order = Collecting(), []
    module.declared = tuple(Turn({"first": noted(module, order, name)}) for name in "ab")
    play(module, rounds=2)
    zero, one = {"sheet": "round 0"}, {"sheet": "round 1"}
    assert order == [("a", zero), ("b", zero), "round 0", ("a", one), ("b", one), "round 1"]


@pytest.mark.parametrize(("at_once", "second"), [(True, 2 - 0.1 * 1.0), (False, 2 - 0.1 * 0.7)])
@pytest.mark.parametrize("parts", [1, 2])
def test_players_of_one_turn_share_their_draws_and_move_at_once_or_one_after_the_other(at_once, second, parts):
    module, made = Game(), []

    def draws(real):
        made.append(len(real.images))
        yield {"real": real}

    losses = {"first": module.first_loss, "second": module.second_loss}
    module.declared = (Turn(losses, REAL, draws=draws, at_once=at_once),)
    module.accumulate = parts
    play(module)
    assert made == [4 // parts] * parts
    assert module.seen[:parts] == module.seen[parts:]
    assert values(module) == pytest.approx((0.7, second))
