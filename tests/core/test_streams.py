"""The images that a turn draws."""

import pytest
import torch

from genzoo.core.batches import Stream
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import Turn
from support.games import REAL, Game, White, play, values


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


def test_a_stream_that_two_turns_draw_by_different_weights_is_refused():
    turns = (Turn({}, (Stream("a", weights=torch.ones(3)),)), Turn({}, (Stream("a"),)))
    with pytest.raises(GenzooError, match="stream 'a': two turns draw it from different pools or by different weights"):
        Game(turns=turns).streams()
    Game(turns=turns[:1] * 2).streams()


def test_weights_that_a_round_changes_apply_to_the_next_one():
    module = Game()

    def turns():
        weights = torch.eye(12)[module.progress.rounds + 3]
        return (Turn({"first": module.first_loss}, (Stream("real", weights=weights),)),)

    module.turns = turns
    play(module, rounds=4)
    assert module.seen == [[label] * 4 for label in (3, 4, 5, 6)]


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
