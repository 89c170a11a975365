"""What goes on over many rounds: accumulation, progress, schedules, averages, health."""

from functools import partial

import pytest
import torch

from genzoo.core.averages import EMA, Polyak
from genzoo.core.batches import Stream
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import Progress, Turn
from support.games import REAL, SGD, AfterEachRound, Game, play, values

# Accumulation and clipping


class Squares(Game):
    """The first player loses mean (first · x)² over the labels x of its images."""

    def __init__(self):
        super().__init__()
        self.declared = (Turn({"first": self.first_loss}, REAL),)

    def first_loss(self, real):
        self.seen.append(real.labels.tolist())
        return (self.first.value * real.labels.float()).square().mean()


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_accumulation_averages_the_gradients_of_the_parts(parts):
    module = Squares()
    module.accumulate = parts
    play(module)
    assert [len(labels) for labels in module.seen] == [4 // parts] * parts
    labels = [x for part in module.seen for x in part]
    mean = sum(x * x for x in labels) / 4
    assert module.first.value.item() == pytest.approx(1 - 0.1 * 2 * mean, rel=1e-5)
    assert module.meters.means()["first_loss"].item() == pytest.approx(mean, rel=1e-5)


def test_a_batch_that_cannot_be_split_is_refused():
    module = Squares()
    module.accumulate = 3
    with pytest.raises(GenzooError, match=r"trainer.accumulate=3: 4 images cannot be split into equal parts"):
        play(module)


@pytest.mark.parametrize(("bound", "length"), [(0.5, 0.5), (1e6, 3.0)])
def test_a_gradient_is_shortened_to_the_bound(bound, length):
    module = Game()
    module.gradient_clip = bound
    module.declared = (Turn({"first": module.first_loss}, REAL),)
    play(module)
    assert values(module)[0] == pytest.approx(1 - 0.1 * length, rel=1e-5)  # its gradient is 2 + 1


# Progress, schedules, noise


def test_progress_counts_rounds_and_the_images_of_all_streams():
    module = Game()
    module.declared = (
        Turn({"first": module.first_loss}, REAL, repeats=2),
        Turn({"second": lambda other: module.second.value * 1}, (Stream("other"),)),
    )
    play(module, rounds=3)
    assert module.progress.state_dict() == {"rounds": 3, "seen": 3 * (2 * 4 + 4)}


def test_a_module_may_count_something_else_than_images():
    class Steps(Game):
        def seen_in(self, batch):
            return 7

    assert play(Steps(), rounds=3).progress.state_dict() == {"rounds": 3, "seen": 21}


def test_progress_goes_through_a_checkpoint_with_what_the_task_wants_stored():
    module, other = play(Game(), rounds=2), Game()
    module.on_checkpoint = {"genzoo": {"format": 1}}
    checkpoint = {"loops": {}, "state_dict": {}}
    module.on_save_checkpoint(checkpoint)
    assert checkpoint.pop("meters").keys() == {"first_loss", "second_loss"}
    assert checkpoint == {"state_dict": {}, "progress": {"rounds": 2, "seen": 8}, "genzoo": {"format": 1}}
    other.on_load_checkpoint(checkpoint)
    assert other.progress.state_dict() == {"rounds": 2, "seen": 8}


def test_schedules_set_their_option_by_the_rounds_played():
    found = []
    schedules = {"first": {"lr": lambda r: 0.1 * (r + 1), "momentum": lambda r: 0.25 * (r + 1)}}
    momentum = partial(torch.optim.SGD, lr=7.0, momentum=0.9)

    def look(trainer, module):
        found.append([(g["lr"], g["momentum"]) for o in trainer.optimizers for g in o.param_groups])

    module = Game(optimizers={"first": momentum, "second": SGD}, schedules=schedules)
    module.declared = (Turn({"first": lambda real: module.first.value * 1}, REAL),)
    play(module, rounds=3, callbacks=[AfterEachRound(look)])
    assert found == [[(pytest.approx(0.1 * r), 0.25 * r), (0.1, 0)] for r in (1, 2, 3)]
    # Gradient 1, velocities 1, 1 + 0.5 · 1, 1 + 0.75 · 1.5.
    assert module.first.value.item() == pytest.approx(1 - 0.1 * 1 - 0.2 * 1.5 - 0.3 * 2.125, abs=1e-6)


def noise_of(rounds, seed=0, played=0, between=lambda *_: None):
    """The random number that each round's loss draws."""
    module, found = Game(), []
    module.seed, module.progress = seed, Progress(played)

    def loss(real):
        found.append(torch.rand(()).item())
        return module.first.value * 1

    module.declared = (Turn({"first": loss}, REAL),)
    play(module, rounds, callbacks=[AfterEachRound(between)])
    return found


def test_noise_is_a_function_of_seed_and_round_alone():
    noise = noise_of(4)
    torch.manual_seed(123)
    assert len(set(noise)) == 4
    assert noise_of(4, between=lambda *_: torch.rand(7)) == noise
    assert noise_of(4, played=2) == noise[2:]
    assert not set(noise_of(4, seed=1)) & set(noise)


# Averages and health


def test_averages_take_in_their_own_players_steps_only():
    seen = []
    module = Game(averages={"first": Polyak(), "second": EMA(0.5)})

    def first_loss(real):
        seen.append(module.first.value.item())
        return module.first.value * 1

    module.declared = (
        Turn({"first": first_loss}, REAL, repeats=3),
        Turn({"second": lambda one: module.second.value * 1}, (Stream("one"),)),
    )
    play(module)
    first, second = (module.averages[name] for name in ("first", "second"))
    assert (first.updates.item(), second.updates.item()) == (3, 1)
    assert first.network.value.item() == pytest.approx((0.9 + 0.8 + 0.7) / 3)
    assert second.network.value.item() == pytest.approx(0.5 * 2 + 0.5 * 1.9)
    assert seen == pytest.approx([1, 0.9, 0.8])  # the players themselves are not averaged


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_was_not_finite_is_named_with_its_first_round_and_the_seed(bad):
    module = Game()
    module.seed = 7

    def second_loss(real):
        return module.second.value * 1 + (bad if module.progress.rounds in (2, 3) else 0)

    module.declared = (
        Turn({"first": module.first_loss}, REAL),
        Turn({"second": second_loss}, REAL),
    )
    healthy = []

    def look(trainer, module):
        if module.progress.rounds <= 2:
            healthy.append(module.check_health())

    play(module, rounds=5, callbacks=[AfterEachRound(look)])
    assert healthy == [None, None]
    for check in (module.check_losses, module.check_health):
        with pytest.raises(GenzooError, match=r"diverged: second_loss was not finite in round 2 \(seed 7\)"):
            check()


@pytest.mark.parametrize("player", ["first", "second"])
def test_a_parameter_that_is_not_finite_is_sick_though_no_loss_was(player):
    module = play(Game(), rounds=3)
    module.check_health()
    getattr(module, player).value.data.fill_(float("nan"))
    module.check_losses()
    with pytest.raises(GenzooError, match=r"a parameter was not finite after round 2 \(seed 0\)"):
        module.check_health()


def test_a_buffer_that_is_not_finite_is_sick():
    module = play(Game(), rounds=3)
    module.register_buffer("statistic", torch.tensor(float("inf")))
    with pytest.raises(GenzooError, match=r"a buffer was not finite after round 2"):
        module.check_health()


def test_an_optimizer_whose_moments_overflow_is_sick_though_its_parameters_are_finite():
    """The square of a finite gradient of 1e30 is infinite in float32; Adam then no longer moves."""
    module = Game()
    module.optimizer_factories = {player: partial(torch.optim.Adam, lr=0.1) for player in ("first", "second")}
    module.declared = (
        Turn({"first": lambda real: module.first.value * 1e30}, REAL),
        Turn({"second": lambda real: module.second.value * 1}, REAL),
    )
    play(module, rounds=3)
    assert module.first.value.isfinite()
    with pytest.raises(GenzooError, match=r"a state of an optimizer was not finite after round 2"):
        module.check_health()


def test_the_losses_of_each_player_are_recorded():
    module = play(Game())
    assert {name: mean.item() for name, mean in module.meters.means().items()} == pytest.approx(
        {"first_loss": 3.0, "second_loss": 2 * 0.7}
    )
