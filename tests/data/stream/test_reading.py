"""The order of what is streamed, its ranks, and runs that go on in the middle of it."""

import shutil

import pytest
import torch

from genzoo.core.batches import Stream
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.data.images import ImageFolder
from genzoo.data.shard_writer import write_shards
from genzoo.data.shards import Shards
from genzoo.data.stream import StreamLoader
from genzoo.runs.train import train
from support import composed, state, train_until_cut
from support.shards import SIZE, drawn, loader, streamed


def test_a_split_is_held_up_to_the_limit(folder, root):
    data = streamed(root, limit=10)
    assert torch.equal(data.split("train").images, folder.split("train").images[:10])
    assert data.evaluation_images("train", 3).images.shape == (3, 1, SIZE, SIZE)
    assert data.count("train") == 46


def test_an_epoch_is_a_permutation_with_the_right_labels(folder, root):
    images, labels, *_ = folder.split("train")
    number = {image.numpy().tobytes(): i for i, image in enumerate(images)}
    epochs = [[], []]
    for i, round in enumerate(loader(root, batch_size=2, rounds=46)):
        assert round.real.images.dtype == torch.float32
        assert round.real.images.min() >= -1
        chosen = torch.tensor([number[image.numpy().tobytes()] for image in to_levels(round.real.images)])
        assert torch.equal(round.real.labels, labels[chosen])
        epochs[i // 23] += chosen.tolist()
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(46))
    assert epochs[0] != epochs[1]
    # A window is three chunks of seven: as many are open, and what comes of them is shuffled.
    first = epochs[0][:18]
    assert len({i // 7 for i in first}) <= 3
    assert first != sorted(first)


def test_the_incomplete_rest_of_an_epoch_is_dropped(root):
    rounds = drawn(loader(root, batch_size=10, rounds=8))
    for epoch in (rounds[:4], rounds[4:]):
        assert len({image for batch in epoch for image in batch}) == 40


def test_the_order_depends_on_seed_epoch_and_stream(root):
    one = drawn(loader(root, seed=1, batch_size=23, rounds=4))
    assert one == drawn(loader(root, seed=1, batch_size=23, rounds=4, threads=1, ahead=1))
    assert one != drawn(loader(root, seed=2, batch_size=23, rounds=4))
    assert one[:2] != one[2:]
    two = list(loader(root, [Stream("real"), Stream("other", "labelled")]))
    assert drawn(two) != drawn(two, "other")


def test_two_ranks_together_see_what_one_sees(root):
    streams = [Stream("real"), Stream("doubled", batches=2)]
    alone = list(loader(root, streams))
    ranks = [list(loader(root, streams, rank=rank, world_size=2)) for rank in range(2)]
    for whole, *parts in zip(alone, *ranks, strict=True):
        assert [len(part.real.images) for part in parts] == [3, 3]
        assert torch.equal(torch.cat([part.real.images for part in parts]), whole.real.images)
        halves = torch.stack([part.doubled.images.view(2, 3, -1) for part in parts], 1)
        assert torch.equal(halves.view(12, -1), whole.doubled.images.flatten(1))


def test_resuming_anywhere_gives_the_same_rounds(root):
    streams = [Stream("real"), Stream("other", batches=2)]
    whole = loader(root, streams)
    states, rounds = [whole.state_dict()], []
    for round in whole:  # the state is that of what was given, not of what was read ahead
        rounds.append(round)
        states.append(whole.state_dict())
    for position, stood in enumerate(states):
        resumed = loader(root, streams)
        resumed.load_state_dict(stood)
        assert len(resumed) == 20 - position
        rest = list(resumed)
        assert len(resumed) == 0
        for stream in ("real", "other"):
            assert drawn(rest, stream) == drawn(rounds[position:], stream)


def test_a_loader_that_is_left_goes_on_after_what_it_gave(root):
    whole, cut = drawn(loader(root)), loader(root)
    first = [next(iter(cut)) for _ in range(5)]
    assert drawn(first) + drawn(cut) == whole


def test_weights_that_change_apply_to_rounds_that_were_read_ahead(root):
    weights = [torch.ones(46)]
    rounds = StreamLoader(Shards(root), lambda round: [Stream("real", weights=weights[0])], 6, 4, 0, ahead=3, window=3)
    seen = []
    for i, round in enumerate(rounds):
        seen.append(len(set(drawn([round])[0])))
        weights[0] = torch.ones(46) if i == 1 else torch.eye(46)[i]
    assert seen[1::2] == [1, 1]
    assert min(seen[::2]) > 1


def test_a_stream_without_batches_has_no_images(root):
    rounds = StreamLoader(Shards(root), lambda round: [Stream("real", batches=round % 2)], 6, 4, 0)
    assert [len(round.real.labels) for round in rounds] == [0, 6, 0, 6]


def test_few_chunks_are_open_and_each_is_read_once_an_epoch(root, monkeypatch):
    read, opened = Shards.read, []

    def counted(self, split, number):
        opened.append(number)
        return read(self, split, number)

    monkeypatch.setattr(Shards, "read", counted)
    list(loader(root, batch_size=2, rounds=23, window=1, threads=1))
    assert sorted(opened[:7]) == list(range(7))
    assert len(opened) <= 9  # the first of the next epoch are read ahead


@pytest.mark.parametrize("root_of", ["{}", "local:{}"])
def test_a_run_cut_in_mid_epoch_ends_with_the_weights_of_an_unbroken_one(root, tmp_path, monkeypatch, root_of):
    # 46 images in batches of 8: an epoch is 5 rounds, the cut at round 6 lies within the second.
    def configured(*more):
        return composed(
            *("model=gan", "data=stream", "trainer=smoke", "logger=csv", "metrics=none", "callbacks.pictures=null"),
            *("recipe.batch_size=8", "trainer.rounds=12", f"data.size={SIZE}", "data.channels=1", "data.window=2"),
            *(f"data.root={root_of.format(root)}", *more),
        )

    train(configured(f"paths.runs={tmp_path}/unbroken"))

    runs = f"paths.runs={tmp_path}/broken"
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=6")
    train_until_cut(configured(*saving, runs), 7, monkeypatch)
    (broken,) = (tmp_path / "broken").glob("*/*")
    assert state(broken)["progress"]["rounds"] == 6
    train(configured(runs, f"resume={broken}"))
    (unbroken,) = (tmp_path / "unbroken").glob("*/*")
    a, b = state(unbroken), state(broken)
    assert a["progress"] == b["progress"] == {"rounds": 12, "seen": b["progress"]["seen"]}
    for name, value in a["state_dict"].items():
        assert torch.equal(value, b["state_dict"][name]), name


def test_other_shards_are_refused_when_a_run_goes_on(copied, pictures, tmp_path):
    common = ("data=stream", "model=gan", "trainer=smoke", "logger=none", "metrics=none", "callbacks.pictures=null")
    common += (f"data.root={copied}", f"data.size={SIZE}", "data.channels=1", "recipe.batch_size=8")
    common += (f"paths.runs={tmp_path}/runs",)
    train(composed(*common))
    next(tmp_path.glob("runs/**/metrics.json")).unlink()  # it was killed before it was measured
    shutil.rmtree(copied)
    write_shards(ImageFolder(pictures, SIZE, 1, test_fraction=0.1), copied)
    with pytest.raises(GenzooError, match=r"or has other images"):
        train(composed(*common, "resume=last"))
