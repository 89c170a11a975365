"""Shards that are missing, damaged or of another kind are one line."""

import json
import zlib

import pytest

from genzoo.core.batches import Stream
from genzoo.core.errors import GenzooError
from genzoo.data.images import ImageFolder
from genzoo.data.shard_writer import write_shards
from genzoo.data.shards import FACTS, Shards
from genzoo.data.stream import StreamedImages
from support.shards import SIZE, drawn, loader, one_line, streamed


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


def test_a_choice_of_classes_is_refused(root):
    with pytest.raises(GenzooError, match=r"data.only_classes=\[1\]: data=stream trains on .*leave it out") as error:
        streamed(root, only_classes=[1])
    one_line(error)
