"""Shards in S3, which moto's server plays."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.shards import Shards
from support.shards import drawn, loader, one_line, streamed

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
