from functools import partial

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from genzoo.core.averages import EMA, Polyak
from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageSet, Stream
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.rounds import Progress, Turn
from genzoo.data.module import ImageData
from support import cpu_trainer

REAL = (Stream("real"),)
SGD = partial(torch.optim.SGD, lr=0.1)


class White(ImageData):
    """Twelve white pixels; the i-th has label i, or -1 where ``unknown`` says so."""

    name = "white"

    def __init__(self, batch_size=4, unknown=0, **options):
        super().__init__(size=1, channels=1, classes=12, batch_size=batch_size, **options)
        self.unknown = unknown

    def load(self):
        labels = torch.arange(12).where(torch.arange(12) >= self.unknown, -1)
        images = ImageSet(torch.full((12, 1, 1, 1), 255, dtype=torch.uint8), labels)
        return {"train": images, "validation": images, "test": images}


class Scalar(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))


class Game(ImageModule):
    """Two scalars, first = 1 and second = 2, and white images x = 1.

    The first player loses first · (second + mean x), the second one second · first. ``seen`` collects the labels that
    each call of a loss was given.
    """

    def __init__(self, alternating=True, turns=None, optimizers=None, **options):
        super().__init__({"first": SGD, "second": SGD} if optimizers is None else optimizers, **options)
        self.first, self.second = Scalar(1.0), Scalar(2.0)
        self.alternating, self.declared, self.seen = alternating, turns, []

    def players(self):
        return {"first": [self.first], "second": [self.second]}

    def turns(self):
        if self.declared is not None:
            return self.declared
        losses = {"first": self.first_loss, "second": self.second_loss}
        if self.alternating:
            return tuple(Turn({player: loss}, REAL) for player, loss in losses.items())
        return (Turn(losses, REAL),)

    def first_loss(self, real):
        self.seen.append(real.labels.tolist())
        return self.first.value * (self.second.value + real.images.mean())

    def second_loss(self, **streams):
        (drawn,) = streams.values()
        self.seen.append(drawn.labels.tolist())
        return self.second.value * self.first.value


def play(module, rounds=1, data=None, callbacks=()):
    """Plays up to ``rounds`` rounds by a real trainer."""
    data = data or White()
    data.rounds = rounds
    trainer = cpu_trainer(callbacks=list(callbacks))
    trainer.fit(module.ready(), datamodule=data)
    return module


class AfterEachRound(pl.Callback):
    def __init__(self, act):
        self.act = act

    def on_train_batch_end(self, trainer, module, *_):
        self.act(trainer, module)


def values(module):
    return module.first.value.item(), module.second.value.item()


# Turns


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


# Streams


def test_repeats_draw_fresh_parts_of_the_stream():
    module = Game()
    module.declared = (
        Turn({"first": module.first_loss}, REAL, repeats=2),
        Turn({"second": module.second_loss}, (Stream("other"),)),
    )
    play(module)
    one, two, other = module.seen
    assert [len(labels) for labels in module.seen] == [4, 4, 4]
    assert len({*one, *two}) == 8
    assert len({*other}) == 4
    assert values(module) == pytest.approx((0.4, 1.96))  # two steps of the first


def test_a_doubled_batch_is_twice_as_large():
    module = Game()
    module.declared = (Turn({"first": module.first_loss}, (Stream("real", batches=2),)),)
    play(module)
    (labels,) = module.seen
    assert len(set(labels)) == 8


def test_turns_that_name_the_same_stream_share_its_images():
    first, second = play(Game()).seen
    assert first == second


def test_a_labelled_stream_draws_images_of_known_labels_only():
    module = Game()
    module.declared = (
        Turn({"first": module.first_loss}, (Stream("real", pool="labelled"),)),
        Turn({"second": module.second_loss}, (Stream("any"),)),
    )
    play(module, rounds=3, data=White(unknown=7))
    labelled, anything = ({label for labels in module.seen[i::2] for label in labels} for i in (0, 1))
    assert labelled <= set(range(7, 12))
    assert anything == {-1, *range(7, 12)}


def test_the_streams_of_a_round_count_repeats():
    turns = (
        Turn({}, (Stream("a"), Stream("b", batches=2)), repeats=3),
        Turn({}, (Stream("a", batches=3), Stream("c", pool="labelled"))),
    )
    assert Game(turns=turns).streams() == (Stream("a", batches=3), Stream("b", batches=6), Stream("c", "labelled"))


def test_turns_of_different_lengths_share_a_stream_from_its_first_images_on():
    module = Game()
    module.declared = (
        Turn({"first": module.first_loss}, REAL, repeats=3),
        Turn({"second": module.second_loss}, (Stream("real", batches=2),)),
    )
    assert module.streams() == (Stream("real", batches=3),)
    play(module)
    *critic, doubled = module.seen
    assert [len(labels) for labels in critic] == [4, 4, 4]
    assert doubled == critic[0] + critic[1]


def test_repeats_of_doubled_batches_get_fresh_images_each():
    module = Game()
    module.declared = (
        Turn({"first": module.first_loss}, (Stream("real", batches=2),), repeats=3),
        Turn({"second": module.second_loss}, REAL),
    )
    play(module, data=White(batch_size=2))
    *doubled, single = module.seen
    assert [len(labels) for labels in doubled] == [4, 4, 4]
    assert sorted(label for labels in doubled for label in labels) == list(range(12))
    assert single == doubled[0][:2]


def test_repeats_may_change_from_round_to_round():
    module = Game()
    module.declared = (Turn({"first": module.first_loss}, REAL, repeats=lambda round: 3 if round == 0 else 1),)
    play(module, rounds=3)
    assert len(module.seen) == 3 + 1 + 1
    assert module.progress.seen == 5 * 4
    assert sorted(label for labels in module.seen[:3] for label in labels) == list(range(12))


def test_a_stream_that_two_turns_draw_from_different_pools_is_refused():
    with pytest.raises(GenzooError, match="stream 'a': two turns draw it from different pools"):
        Game(turns=(Turn({}, (Stream("a"),)), Turn({}, (Stream("a", "labelled"),)))).streams()


def test_only_may_be_nested():
    module = Game()
    module.ready().configure_optimizers()

    def required():
        return module.first.value.requires_grad, module.second.value.requires_grad

    with module.only("first"):
        with module.only("second"):
            assert required() == (False, True)
        assert required() == (True, False)
    assert required() == (True, True)


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


def test_the_losses_of_each_player_are_recorded():
    module = play(Game())
    assert {name: mean.item() for name, mean in module.meters.means().items()} == pytest.approx(
        {"first_loss": 3.0, "second_loss": 2 * 0.7}
    )


# Refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizers": {"first": SGD, "second": SGD, "third": SGD}}, r"model.optimizers.third: no such player.*first"),
        ({"optimizers": {"first": SGD}}, r"model.optimizers: second has no optimizer"),
        ({"schedules": {"third": {}}}, r"model.schedules.third: no such player"),
        ({"averages": {"third": Polyak()}}, r"model.averages.third: the model has no network"),
    ],
)
def test_names_that_do_not_belong_together_are_refused(options, message):
    with pytest.raises(GenzooError, match=message):
        Game(**options).ready()


def test_an_average_that_would_stand_still_is_refused():
    module = Game(averages={"third": Polyak()})
    module.third = Scalar(3.0)
    with pytest.raises(GenzooError, match=r"model\.averages\.third: no player trains this network"):
        module.ready()


def test_a_schedule_of_an_option_that_the_optimizer_does_not_have_is_refused():
    with pytest.raises(GenzooError, match=r"model\.schedules\.first\.lrr: its optimizer has no such option.*'lr'"):
        Game(schedules={"first": {"lrr": float}}).ready().configure_optimizers()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": 3}, r"data=spots has images of .* \(3, 8, 8\), but the model is built for \(1, 8, 8\)"),
        ({"size": 16}, r"\(1, 16, 16\), but the model is built for \(1, 8, 8\)"),
        ({"levels": 256}, r"data=spots has 256 levels per pixel, but the model needs 2; choose binary data"),
        ({"classes": 0}, r"data=spots has no labels, but the model needs them"),
    ],
)
def test_data_that_do_not_fit_are_refused(changes, message):
    module = Game(turns=(Turn({}, (Stream("a"), Stream("b", "labelled"))),))
    module.image_shape, module.levels = (1, 8, 8), 2
    data = DataSpec("spots", channels=1, size=8, levels=2, classes=3)
    assert module.check_data(data) is None
    with pytest.raises(GenzooError, match=message):
        module.check_data(data._replace(**changes))


def test_an_environment_is_refused_by_a_model_of_images():
    with pytest.raises(GenzooError, match="data=pole is an environment, but the model needs images"):
        Game().check_data(EnvironmentSpec("pole", 4, 2, "Categorical", 200))


def test_a_model_without_demands_takes_any_data():
    assert Game().check_data(DataSpec("any", channels=3, size=5, levels=7)) is None
