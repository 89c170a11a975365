import json
import shutil
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.batches import Stream
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.data.images import ImageFolder
from genzoo.data.module import SPLITS
from genzoo.data.shard_writer import write_shards
from genzoo.data.shards import FACTS, Shards
from genzoo.data.stream import StreamedImages, StreamLoader
from genzoo.runs.train import train
from support import composed, forked, state, train_until_cut

SIZE = 28
REAL = [Stream("real")]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Fifty grey pictures of two classes."""
    folder = tmp_path_factory.mktemp("pictures")
    noise = np.random.default_rng(0)
    for i in range(50):
        (folder / "ab"[i % 2]).mkdir(exist_ok=True)
        Image.fromarray(noise.integers(0, 256, (40, 34), np.uint8)).save(folder / "ab"[i % 2] / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def folder(pictures):
    return ImageFolder(pictures, SIZE, 1)


@pytest.fixture(scope="module")
def root(folder, tmp_path_factory):
    """Its shards, seven images a chunk."""
    return write_shards(folder, tmp_path_factory.mktemp("written") / "shards", 7 * SIZE**2).root


@pytest.fixture
def copied(root, tmp_path):
    """Shards that a test may break."""
    return shutil.copytree(root, tmp_path / "shards")


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def streamed(root, **options):
    return StreamedImages(root, SIZE, 1, **options)


def loader(root, streams=REAL, batch_size=6, rounds=20, seed=0, **options):
    options = {"window": 3, "threads": 2, "ahead": 2} | options
    return StreamLoader(Shards(root), lambda round: streams, batch_size, rounds, seed, **options)


def drawn(rounds, stream="real"):
    """Hashes of the images, which are all different."""
    return [[hash(image.numpy().tobytes()) for image in getattr(round, stream).images] for round in rounds]


def test_shards_hold_what_the_folder_holds(folder, root):
    data = streamed(root, classes=2)
    assert [data.count(split) for split in SPLITS] == [46, 2, 2]
    assert len(data.shards.splits["train"]) == 7  # 6 x 7 and 4
    for split in SPLITS:
        of_folder, of_shards = folder.split(split), data.split(split)
        assert torch.equal(of_folder.images, of_shards.images)
        assert torch.equal(of_folder.labels, of_shards.labels)
    assert data.fingerprint() == folder.fingerprint()
    assert data.class_names == ["a", "b"]
    assert data.spec == folder.spec._replace(name="stream")
    assert torch.equal(data.initial(9), folder.initial(9))


def test_litdata_reads_them_too(folder, root):
    from litdata import StreamingDataset

    dataset, train = StreamingDataset(f"{root}/train"), folder.split("train")
    assert len(dataset) == 46
    for i, item in enumerate(dataset):
        assert torch.equal(item["image"], train.images[i])
        assert item["label"] == train.labels[i]


def test_colour(tmp_path, pictures):
    folder = ImageFolder(pictures, 9, 3)
    data = StreamedImages(write_shards(folder, tmp_path / "shards").root, 9, 3)
    assert torch.equal(data.split("train").images, folder.split("train").images)


def test_a_split_is_held_up_to_the_limit(folder, root):
    data = streamed(root, limit=10)
    assert torch.equal(data.split("train").images, folder.split("train").images[:10])
    assert data.evaluation_images("train", 3).images.shape == (3, 1, SIZE, SIZE)
    assert data.count("train") == 46


def test_an_epoch_is_a_permutation_with_the_right_labels(folder, root):
    images, labels, _ = folder.split("train")
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


# What can be wrong.


def one_line(error):
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("root_of", "why"),
    [("{}", "there are no shards .*write_shards.py"), ("local:{}", "genzoo.json cannot be .*check the address")],
)
def test_no_shards(tmp_path, root_of, why):
    with pytest.raises(GenzooError, match=rf"data.root=.*none: {why}") as error:
        streamed(root_of.format(tmp_path / "none"))
    one_line(error)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 2}', "nonsense \0", "[" * 100_000])
def test_damaged_facts(copied, content):
    (copied / FACTS).write_text(content)
    with pytest.raises(GenzooError, match=r"genzoo.json is damaged .*write the shards again") as error:
        streamed(copied)
    one_line(error)


def test_a_file_outside_of_the_folder_is_refused(copied):
    facts = json.loads((copied / FACTS).read_text())
    facts["splits"]["train"][0][0] = "../../secret"
    (copied / FACTS).write_text(json.dumps(facts))
    with pytest.raises(GenzooError, match=r"file='\.\./\.\./secret': a plain file name is needed"):
        streamed(copied)


@pytest.mark.parametrize("value", ["64", 6.5, -1, True, None, 10**400, [1]])
@pytest.mark.parametrize("entry", [("size",), ("channels",), ("splits", "train", 0, 1), ("splits", "train", 0, 3)])
def test_facts_that_are_no_counts_are_refused(copied, entry, value):
    facts = json.loads((copied / FACTS).read_text())
    *path, last = entry
    inner = facts
    for key in path:
        inner = inner[key]
    inner[last] = value
    (copied / FACTS).write_text(json.dumps(facts))
    with pytest.raises(GenzooError, match=r"genzoo.json is damaged .*") as error:
        Shards(copied)
    one_line(error)


def test_a_split_that_takes_more_than_its_file_has_is_refused_unread(copied):
    facts = json.loads((copied / FACTS).read_text())
    count = 10**12
    facts["splits"]["train"][0][1:3] = count, 4 * (count + 2) + count * (28 + SIZE**2 + 8)
    (copied / FACTS).write_text(json.dumps(facts))
    with pytest.raises(GenzooError, match=r"\d+ bytes instead of \d{15}"):
        Shards(copied).check()


def test_a_label_beyond_the_classes_is_refused(copied):
    facts = json.loads((copied / FACTS).read_text())
    path = copied / "train" / facts["splits"]["train"][0][0]
    content = path.read_bytes()[:-8] + (10**12).to_bytes(8, "little")
    path.write_bytes(content)
    facts["splits"]["train"][0][3] = zlib.crc32(content)
    (copied / FACTS).write_text(json.dumps(facts))
    with pytest.raises(GenzooError, match="a label is outside of the 2 classes"):
        Shards(copied).read("train", 0)


def test_few_labels_are_refused(root):
    with pytest.raises(GenzooError, match=r"data.labels_per_class=10: data=stream trains on .*leave it out") as error:
        streamed(root, labels_per_class=10)
    one_line(error)


@pytest.mark.parametrize(("size", "channels", "classes"), [(32, 1, None), (SIZE, 3, None), (SIZE, 1, 3)])
def test_shards_of_another_kind(root, size, channels, classes):
    with pytest.raises(GenzooError, match=r"data\.\w+=(32|3): the shards in .* have \w+=(28|1|2); set data") as error:
        StreamedImages(root, size, channels, classes)
    one_line(error)


def test_a_missing_chunk(copied):
    (copied / "train" / "chunk-0-3.bin").unlink()
    with pytest.raises(GenzooError, match=r"chunk-0-3.bin is missing; write the shards again") as error:
        streamed(copied).setup()
    one_line(error)


@pytest.mark.parametrize("root_of", ["{}", "local:{}"])
def test_a_damaged_chunk(copied, root_of):
    path = copied / "train" / "chunk-0-3.bin"
    good = path.read_bytes()
    path.write_bytes(good[:-100] + bytes([good[-100] ^ 1]) + good[-99:])
    with pytest.raises(GenzooError, match=r"chunk-0-3.bin is damaged \(its CRC-32") as error:
        list(loader(root_of.format(copied)))
    one_line(error)
    path.write_bytes(good)
    assert drawn(loader(root_of.format(copied))) == drawn(loader(copied))  # the cache does not keep the damaged one


def test_a_chunk_that_cannot_be_fetched(copied):
    (copied / "train" / "chunk-0-3.bin").unlink()
    with pytest.raises(GenzooError, match=r"train/chunk-0-3.bin cannot be fetched .*check the address") as error:
        list(loader(f"local:{copied}"))
    one_line(error)


def test_labels_that_are_not_there(tmp_path, pictures):
    shards = write_shards(ImageFolder(pictures / "a", SIZE, 1), tmp_path / "shards").root
    assert streamed(shards).split("train").labels.eq(-1).all()
    with pytest.raises(GenzooError, match="there are no labels"):
        loader(shards, [Stream("real", "labelled")])


def test_settings_out_of_range(root):
    for key in ("limit", "window", "threads", "ahead"):
        with pytest.raises(GenzooError, match=f"data.{key}=0: a positive integer"):
            streamed(root, **{key: 0})


def test_splits_and_pixels_are_those_of_the_folder(tmp_path):
    for i, name in enumerate(("train/a", "train/b", "test/a", "test/b")):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for j in range(9):
            levels = np.full((8, 8), 16 * (40 * i + j), np.uint16)  # of 12 bits
            Image.fromarray(levels).save(tmp_path / "pictures" / name / f"{j}.png")
    with pytest.raises(GenzooError, match=r"set data.white=4095"):
        write_shards(ImageFolder(tmp_path / "pictures", 8, 1), tmp_path / "shards")
    folder = ImageFolder(tmp_path / "pictures", 8, 1, white=4095, validation_fraction=0.25)
    data = StreamedImages(write_shards(folder, tmp_path / "shards").root, 8, 1)
    for split, count in (("train", 14), ("validation", 4), ("test", 18)):
        mine, theirs = data.split(split), folder.split(split)
        assert len(mine.images) == count
        assert torch.equal(mine.images, theirs.images)
        assert torch.equal(mine.labels, theirs.labels)
        assert torch.equal(mine.labels, mine.images[:, 0, 0, 0] // 40 % 2)
    assert data.split("train").images.max() < 80 <= data.split("test").images.min()


def test_the_target_must_not_exist(folder, tmp_path):
    with pytest.raises(GenzooError, match="exists; delete it, or choose another folder"):
        write_shards(folder, tmp_path)


def test_broken_pictures(pictures, tmp_path):
    broken = shutil.copytree(pictures, tmp_path / "pictures")
    (broken / "a" / "0.png").write_bytes(b"no picture")
    with pytest.raises(GenzooError, match=r"a/0.png .*data.skip_broken=true"):
        write_shards(ImageFolder(broken, SIZE, 1), tmp_path / "shards")
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]  # nothing is left behind
    shards = write_shards(ImageFolder(broken, SIZE, 1, skip_broken=True), tmp_path / "shards")
    assert sum(shards.count(split) for split in SPLITS) == 49


def test_without_litdata_one_line_says_what_to_install(folder, root, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "litdata"] + ["litdata"]:
        monkeypatch.setitem(sys.modules, name, None)
    for act in (lambda: write_shards(folder, tmp_path / "shards"), lambda: streamed(f"local:{root}")):
        with pytest.raises(GenzooError, match=r"litdata; pip install 'genzoo\[stream\]'") as error:
            act()
        one_line(error)
    assert len(drawn(loader(root))) == 20  # a folder is read without it


def test_the_script(pictures, root, tmp_path):
    def run(*arguments):
        return forked.run("scripts/write_shards.py", str(pictures), str(tmp_path / "shards"), *arguments)

    done = run("--size", str(SIZE), "--channels", "1", "--chunk-mb", str(7 * SIZE**2 / 1e6))
    assert done.returncode == 0, done.stderr
    assert "46 images for training" in done.stdout
    assert f"data.root={tmp_path}/shards data.size=28 data.channels=1 data.classes=2" in done.stdout
    assert (tmp_path / "shards" / FACTS).read_text() == (Path(root) / FACTS).read_text()  # the same to the bit
    again = run("--size", str(SIZE))
    assert again.returncode == 1
    assert again.stderr.startswith("error: ")
    assert again.stderr.count("\n") == 1


# Shards in S3, which moto's server plays.

S3 = "s3://bucket/shards"
KEY = "shards/train/chunk-0-3.bin"


@pytest.fixture(scope="module")
def server():
    """Its address."""
    moto = pytest.importorskip("moto.server", reason="S3 is played by moto: pip install 'moto[server]'")
    server = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def store(server, root, monkeypatch):
    """A client, and the shards in ``S3``, which a test may break."""
    import boto3

    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    client = boto3.Session().client("s3")
    client.create_bucket(Bucket="bucket")
    for path in Path(root).rglob("*.*"):
        client.put_object(Bucket="bucket", Key=f"shards/{path.relative_to(root)}", Body=path.read_bytes())
    return client


def test_shards_in_s3(store, root):
    assert drawn(loader(S3)) == drawn(loader(root))
    for chunk in Shards(root).splits["train"]:
        store.delete_object(Bucket="bucket", Key=f"shards/train/{chunk.file}")
    assert drawn(loader(f"{S3}/")) == drawn(loader(root))  # each file was kept
    assert torch.equal(streamed(S3).split("test").images, streamed(root).split("test").images)


def test_of_several_processes_one_fetches_a_chunk(store, monkeypatch):
    from litdata.streaming.downloader import S3Downloader

    shards = [Shards(S3) for _ in range(4)]
    download, fetched = S3Downloader.download_fileobj, []

    def counted(self, address, file):
        fetched.append(address)
        download(self, address, file)

    monkeypatch.setattr(S3Downloader, "download_fileobj", counted)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: each.read("train", 0), shards))
    assert fetched == [f"{S3}/train/chunk-0-0.bin"]


@pytest.mark.parametrize(
    ("root", "environment", "why"),
    [
        ("s3://other/shards", {}, r"\(404\)"),
        ("s3://bucket/other", {}, r"\(404\)"),
        (S3, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "Could not connect"),
        (S3, {"AWS_PROFILE": "other"}, "other"),
    ],
)
def test_s3_that_cannot_be_read(store, monkeypatch, root, environment, why):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(GenzooError, match=rf"data.root={root}: genzoo.json cannot be .*{why}.* check") as error:
        streamed(root)
    one_line(error)


def test_s3_refuses_the_keys(store, monkeypatch):
    monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
    with pytest.raises(GenzooError, match=rf"data.root={S3}: genzoo.json cannot be .*\(403\).* your access") as error:
        streamed(S3)
    one_line(error)


def test_a_chunk_missing_in_s3(store):
    store.delete_object(Bucket="bucket", Key=KEY)
    with pytest.raises(GenzooError, match=rf"data.root={S3}: train/chunk-0-3.bin cannot be .*\(404\)") as error:
        Shards(S3).read("train", 3)
    one_line(error)


@pytest.mark.parametrize(("end", "why"), [(b"", "bytes instead of"), (b"x", "its CRC-32")])
def test_a_chunk_damaged_in_s3(store, root, end, why):
    good = (Path(root) / "train" / "chunk-0-3.bin").read_bytes()
    store.put_object(Bucket="bucket", Key=KEY, Body=good[:-1] + end)
    with pytest.raises(GenzooError, match=rf"data.root: {S3}/train/chunk-0-3.bin is damaged \(.*{why}") as error:
        Shards(S3).read("train", 3)
    one_line(error)
    store.put_object(Bucket="bucket", Key=KEY, Body=good)
    again = Shards(S3).read("train", 3)  # the cache does not keep the damaged one
    assert np.array_equal(again.pixels, Shards(root).read("train", 3).pixels)
