from itertools import chain

import pytest
import torch

from genzoo.core.batches import ImageSet, Stream
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.data.loader import RoundLoader
from genzoo.data.module import ImageData, split_of

REAL = [Stream("real")]


def always(streams):
    """The same streams in every round."""
    return lambda round: streams


def pool(n):
    """``n`` images whose level, label and factor say which they are."""
    number = torch.arange(n)
    return ImageSet(number.to(torch.uint8).view(n, 1, 1, 1), number, number.float().view(n, 1))


def loader(n=12, streams=REAL, batch_size=4, rounds=6, seed=0, **options):
    return RoundLoader({"train": pool(n)}, always(streams), batch_size, rounds, seed, **options)


def drawn(rounds, stream="real"):
    return [getattr(round, stream).labels.tolist() for round in rounds]


def flat(batches):
    return list(chain.from_iterable(batches))


def test_an_epoch_is_a_permutation():
    rounds = drawn(loader())
    assert [len(batch) for batch in rounds] == [4] * 6
    first, second = flat(rounds[:3]), flat(rounds[3:])
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second
    assert list(range(12)) not in (first, second)


def test_the_incomplete_rest_of_an_epoch_is_dropped():
    rounds = drawn(loader(n=11, rounds=4))
    for epoch in (rounds[:2], rounds[2:]):
        assert len(set(flat(epoch))) == 8


def test_images_labels_and_factors_belong_together():
    for round in loader():
        assert round.real.images.shape == (4, 1, 1, 1)
        assert torch.equal(((round.real.images.flatten() + 1) * 127.5).round().long(), round.real.labels)
        assert torch.equal(round.real.factors.flatten(), round.real.labels.float())


def test_a_set_without_factors_has_none():
    (round,) = RoundLoader({"train": split_of(torch.zeros(4, 1, 2, 2, dtype=torch.uint8))}, always(REAL), 4, 1, 0)
    assert round.real.factors is None
    assert round.real.labels.tolist() == [-1] * 4


def test_levels_become_minus_one_to_one():
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(3, 1, 1, 1)
    (round,) = RoundLoader({"train": split_of(images)}, always(REAL), 3, 1, 0)
    assert round.real.images.dtype == torch.float32
    assert torch.allclose(round.real.images.flatten().sort().values, torch.tensor([-1, -0.6, 1]))
    (round,) = RoundLoader({"train": split_of(images[:2] // 51)}, always(REAL), 2, 1, 0, levels=2)
    assert round.real.images.flatten().sort().values.tolist() == [-1, 1]


@pytest.mark.parametrize("position", range(7))
def test_resuming_anywhere_gives_the_same_rounds(position):
    streams = [Stream("real"), Stream("other", batches=2)]
    whole = loader(streams=streams)
    states, rounds = [whole.state_dict()], []
    for round in whole:
        rounds.append(round)
        states.append(whole.state_dict())
    resumed = loader(streams=streams)
    resumed.load_state_dict(states[position])
    assert len(resumed) == 6 - position
    rest = list(resumed)
    assert len(resumed) == 0
    for stream in ("real", "other"):
        assert drawn(rest, stream) == drawn(rounds[position:], stream)


def test_the_seed_decides():
    assert drawn(loader(seed=1)) == drawn(loader(seed=1)) != drawn(loader(seed=2))


def test_global_randomness_is_neither_used_nor_touched():
    torch.manual_seed(1)
    one, state = drawn(loader()), torch.get_rng_state()
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert drawn(loader()) == one


def test_two_ranks_together_see_what_one_sees():
    streams = [Stream("real"), Stream("doubled", batches=2)]
    alone = list(loader(streams=streams))
    ranks = [list(loader(streams=streams, rank=rank, world_size=2)) for rank in range(2)]
    for whole, *parts in zip(alone, *ranks, strict=True):
        assert [len(part.real.labels) for part in parts] == [2, 2]
        assert torch.equal(torch.cat([part.real.labels for part in parts]), whole.real.labels)
        # Batch by batch, too: the first batch of the draw is the ranks' first halves.
        halves = torch.stack([part.doubled.labels.view(2, 2) for part in parts], 1)
        assert torch.equal(halves.flatten(), whole.doubled.labels)


def test_streams_of_one_pool_differ():
    rounds = list(loader(streams=[Stream("real"), Stream("second")]))
    assert all(a != b for a, b in zip(drawn(rounds), drawn(rounds, "second"), strict=True))


def test_a_draw_of_several_batches_holds_different_images():
    (round,) = loader(n=20, streams=[Stream("real", batches=5)], rounds=1)
    assert sorted(round.real.labels.tolist()) == list(range(20))


def test_each_stream_goes_by_its_own_epochs():
    rounds = list(loader(streams=[Stream("critic", batches=3), Stream("real")]))
    for round in rounds:
        assert sorted(round.critic.labels.tolist()) == list(range(12))
    assert sorted(flat(drawn(rounds[:3]))) == list(range(12))


class Partial(ImageData):
    """Ten images of which four have labels."""

    name = "partial"

    def load(self):
        labels = torch.tensor([-1, 1, -1, 3, -1, 5, -1, 7, -1, -1])
        train = ImageSet(torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1), labels, torch.arange(10.0).view(10, 1))
        return {"train": train, "validation": train, "test": train}


def test_the_labelled_pool_has_known_labels_only():
    pools = Partial(1, 1).pools()
    rounds = list(RoundLoader(pools, always([Stream("real"), Stream("labelled", "labelled")]), 2, 4, 0))
    assert sorted(flat(drawn(rounds[:2], "labelled"))) == [1, 3, 5, 7]
    for round in rounds:
        assert torch.equal(round.labelled.factors.flatten(), round.labelled.labels.float())
    assert any(-1 in batch for batch in drawn(rounds))


def test_a_pool_with_all_labels_is_the_labelled_pool():
    images = Partial(1, 1)
    images._splits = {"train": pool(5)}
    pools = images.pools()
    assert pools["labelled"] is pools["train"]


def test_augmentation_is_fresh_each_round_and_repeatable():
    def noise(levels, generator):
        return torch.randint(256, levels.shape, generator=generator).to(torch.uint8)

    def images():
        return torch.stack([round.real.images for round in loader(augment=noise)])

    one = images()
    assert len(one.flatten(1).unique(dim=0)) == 6
    assert torch.equal(one, images())


def test_a_batch_that_is_too_large():
    with pytest.raises(GenzooError, match=r"data.batch_size=13: .*only 12 images; choose a smaller batch"):
        loader(batch_size=13)


def test_a_draw_larger_than_an_epoch_goes_on_in_the_next_one():
    (round,) = loader(n=13, streams=[Stream("real", batches=6)], rounds=1)
    assert drawn([round])[0] == flat(drawn(loader(n=13, rounds=6)))


def test_rounds_may_draw_different_numbers_of_batches():
    def streams(round):
        return [Stream("real", batches=5 if round == 0 else 1)]

    def varied():
        return RoundLoader({"train": pool(40)}, streams, 4, 4, 0)

    rounds = drawn(varied())
    assert [len(round) for round in rounds] == [20, 4, 4, 4]
    assert flat(rounds) == flat(drawn(loader(n=40, rounds=8)))  # the same images in the same order
    resumed = varied()
    resumed.load_state_dict({"position": 2})
    assert drawn(resumed) == rounds[2:]


def test_a_batch_that_ranks_cannot_share():
    with pytest.raises(GenzooError, match=r"data.batch_size=4 .* 3; choose a multiple of 3"):
        loader(world_size=3)


LABELLED = [Stream("few", "labelled"), Stream("real")]


def few(n, batch_size=100, streams=LABELLED, rounds=12, **options):
    pools = {"train": pool(200), "labelled": pool(n)}
    return RoundLoader(pools, always(streams), batch_size, rounds, 0, **options)


@pytest.mark.parametrize(("n", "passes", "rest"), [(20, 5, 0), (30, 3, 10), (99, 1, 1), (1, 100, 0)])
def test_a_batch_passes_over_few_labels_again_and_again(n, passes, rest):
    batches = drawn(few(n), "few")
    for batch in batches:
        assert len(batch) == 100
        whole = [batch[i * n : (i + 1) * n] for i in range(passes)]
        assert all(sorted(one) == list(range(n)) for one in whole)  # whole permutations ...
        assert len(set(batch[passes * n :])) == rest  # ... and the beginning of one
        if 1 < n < 99:
            assert len({tuple(one) for one in whole}) == passes  # fresh ones
    if n > 1:
        assert len({tuple(batch) for batch in batches}) == len(batches)


def test_other_streams_do_not_notice():
    assert drawn(few(20)) == drawn(few(20, streams=REAL)) == drawn(few(150))


@pytest.mark.parametrize("n", [100, 150, 200])
def test_labels_for_a_whole_batch_go_by_epochs_as_ever(n):
    streams = [Stream("few", "labelled")]
    orders = [torch.randperm(n, generator=generator(0, "order", "few", epoch)).tolist() for epoch in range(12)]
    kept = [order[i * 100 : (i + 1) * 100] for order in orders for i in range(n // 100)]
    assert drawn(few(n, streams=streams), "few") == kept[:12]


def test_few_labels_on_ranks_and_after_resuming():
    streams = [Stream("few", "labelled", batches=2)]
    whole = drawn(few(30, streams=streams), "few")
    ranks = [drawn(few(30, streams=streams, rank=rank, world_size=2), "few") for rank in range(2)]
    for round, *parts in zip(whole, *ranks, strict=True):
        halves = torch.stack([torch.tensor(part).view(2, 50) for part in parts], 1)
        assert halves.flatten().tolist() == round
    for position in (1, 2, 7):
        resumed = few(30, streams=streams)
        resumed.load_state_dict({"position": position})
        assert drawn(resumed, "few") == whole[position:]


def test_fewer_training_images_than_a_batch_are_refused_even_if_all_are_labelled():
    with pytest.raises(GenzooError, match=r"data.batch_size=13: 'few' .*only 12 images; choose a smaller batch"):
        RoundLoader({"train": pool(12), "labelled": pool(12)}, always(LABELLED), 13, 1, 0)
