"""Streams whose images are drawn by weights, and streams without images."""

import pytest
import torch

from genzoo.core.batches import ImageSet, Stream
from genzoo.core.errors import GenzooError
from genzoo.data.loader import RoundLoader

WEIGHTS = torch.tensor([1.0, 0.0, 3.0, 4.0, 0.0])


def pool(n=5):
    """``n`` images whose level and label are their index."""
    number = torch.arange(n)
    return ImageSet(number.to(torch.uint8).view(n, 1, 1, 1), number)


def loader(streams, batch_size=4, rounds=6, seed=0, **options):
    return RoundLoader({"train": pool()}, streams, batch_size, rounds, seed, **options)


def weighted(weights=WEIGHTS, **options):
    return loader(lambda round: [Stream("real", weights=weights), Stream("other")], **options)


def drawn(rounds, stream="real"):
    return [getattr(round, stream).labels.tolist() for round in rounds]


def test_frequencies_are_those_of_the_weights():
    labels = torch.tensor(drawn(weighted(rounds=2500))).flatten()
    shares = labels.bincount(minlength=5) / len(labels)
    assert shares[[1, 4]].tolist() == [0, 0]
    expected = WEIGHTS / 8
    deviation = (expected * (1 - expected) / len(labels)).sqrt()  # of a multinomial distribution
    assert ((shares - expected).abs() <= 4 * deviation).all()


def test_images_and_labels_belong_together():
    for round in weighted():
        assert torch.equal(((round.real.images.flatten() + 1) * 127.5).round().long(), round.real.labels)


def test_the_scale_of_the_weights_does_not_matter():
    assert drawn(weighted()) == drawn(weighted(WEIGHTS * 64))


@pytest.mark.parametrize("position", range(7))
def test_resuming_anywhere_gives_the_same_rounds(position):
    whole, resumed = drawn(weighted()), weighted()
    resumed.load_state_dict({"position": position})
    assert drawn(resumed) == whole[position:]


def test_batches_differ_by_number_seed_and_stream():
    rounds = drawn(weighted(rounds=2, batch_size=4, seed=1))
    assert rounds[0] != rounds[1]
    assert rounds != drawn(weighted(rounds=2, seed=2))
    (two,) = loader(lambda round: [Stream(name, weights=WEIGHTS, batches=4) for name in "ab"], rounds=1)
    assert two.a.labels.tolist() != two.b.labels.tolist()


def test_two_ranks_together_see_what_one_sees():
    alone = list(weighted())
    ranks = [list(weighted(rank=rank, world_size=2)) for rank in range(2)]
    for whole, *parts in zip(alone, *ranks, strict=True):
        assert [len(part.real.labels) for part in parts] == [2, 2]
        assert torch.equal(torch.cat([part.real.labels for part in parts]), whole.real.labels)


def test_new_weights_are_used_from_the_next_round_on():
    weights = [torch.eye(5)[2]]
    rounds = loader(lambda round: [Stream("real", weights=weights[0])], rounds=4)
    seen = []
    for round in rounds:
        seen.append(round.real.labels.tolist())
        weights[0] = torch.eye(5)[len(seen)]
    assert seen == [[label] * 4 for label in (2, 1, 2, 3)]


def test_a_stream_may_change_between_an_order_and_weights():
    rounds = loader(lambda round: [Stream("real", weights=None if round % 2 else torch.eye(5)[3])], rounds=3)
    first, second, third = drawn(rounds)
    assert first == third == [3] * 4
    assert len(set(second)) == 4


def test_a_stream_without_batches_has_no_images():
    for rank in range(2):
        rounds = list(
            loader(lambda round: [Stream("real", batches=round % 2), Stream("other")], rank=rank, world_size=2)
        )
        assert [len(round.real.labels) for round in rounds] == [0, 2] * 3
        assert rounds[0].real.images.shape == (0, 1, 1, 1)
        assert [len(round.other.labels) for round in rounds] == [2] * 6


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (torch.ones(4), r"weights of shape \(4,\), but its pool has 5 images; give one weight per image"),
        (torch.ones(5, 1), r"weights of shape \(5, 1\)"),
        (torch.tensor([1.0, -0.5, 1, 1, 1]), "weights from -0.5 to 1; finite numbers that are not negative"),
        (torch.zeros(5), "weights from 0 to 0; .* at least one of them positive"),
        (torch.tensor([1.0, torch.inf, 1, 1, 1]), "weights from 1 to inf"),
    ],
)
def test_wrong_weights_are_refused_in_one_line(weights, message):
    with pytest.raises(GenzooError, match=f"stream 'real': {message}") as refusal:
        list(weighted(weights))
    assert "\n" not in str(refusal.value)


def test_no_image_of_weight_zero_is_drawn_at_the_ends_of_the_range(monkeypatch):
    ends = torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64)
    monkeypatch.setattr(torch, "rand", lambda n, **options: ends)
    (round,) = weighted(torch.tensor([0.0, 0.1, 0.2, 0.4, 0.0]), batch_size=2, rounds=1)
    assert round.real.labels.tolist() == [1, 3]


def test_streams_with_weights_can_be_compared():
    stream = Stream("real", weights=WEIGHTS)
    assert stream == Stream("real", weights=WEIGHTS.clone()) == stream._replace(batches=1)
    assert hash(stream) == hash(Stream("real", weights=WEIGHTS.clone()))
    assert (stream != Stream("real", weights=WEIGHTS.clone())) is False
    assert stream != Stream("real")
    assert Stream("real") != stream
    assert stream != Stream("real", weights=WEIGHTS * 2)
    assert stream != stream._replace(batches=2)
    assert (stream, 1) == (Stream("real", weights=WEIGHTS.clone()), 1)
    assert Stream("real") != ("real", "train", 1, None)
