import errno
import io
import json
import zipfile

import numpy as np
import pytest

from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write, opened_npz, plain_name, read_json, write_json


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    path.parent.mkdir()
    path.write_text("old")
    return path


def test_nothing_shows_before_the_block_ends(path):
    with atomic_write(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert partial.parent == path.parent  # one file system: renaming is atomic
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_missing_folders_are_made(tmp_path):
    with atomic_write(tmp_path / "a" / "b" / "file") as partial:
        partial.write_text("new")
    assert (tmp_path / "a" / "b" / "file").read_text() == "new"


def write_half(path, error):
    with atomic_write(path) as partial:
        partial.write_text("ne")
        raise error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), GenzooError),
        (RuntimeError("PytorchStreamWriter failed writing file"), GenzooError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (ValueError("bug"), ValueError),
    ],
)
def test_a_failure_in_the_middle_keeps_the_old_file_and_no_partial_one(path, error, raised):
    with pytest.raises(raised) as caught:
        write_half(path, error)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]
    if raised is GenzooError:
        assert str(path) in str(caught.value)
        assert str(error) in str(caught.value)


def test_a_file_where_a_folder_should_be_is_told(path):
    with pytest.raises(GenzooError, match="could not be written"), atomic_write(path / "inner.txt") as partial:
        partial.write_text("new")
    assert path.read_text() == "old"


def test_a_block_that_writes_nothing_is_told(path):
    with pytest.raises(GenzooError, match="could not be written"), atomic_write(path):
        pass
    assert path.read_text() == "old"


def test_json_is_read_back_and_ends_in_a_newline(tmp_path):
    content = {"a": [1, 2.5, None], "b": {"c": "d"}}
    write_json(tmp_path / "m.json", content)
    text = (tmp_path / "m.json").read_text()
    assert json.loads(text) == content
    assert text.endswith("}\n")


def test_json_that_cannot_be_written_leaves_the_old(tmp_path):
    path = tmp_path / "m.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_arrays_are_read_when_they_are_asked_for(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.arange(3), harm=np.array([{}], dtype=object))
    with opened_npz(tmp_path / "x.npz") as file:
        assert file["a"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="allow_pickle=False"), opened_npz(tmp_path / "x.npz") as file:
        _ = file["harm"]


def damaged(kind):
    """The content of a file that is not a complete .npz."""
    whole = io.BytesIO()
    np.savez_compressed(whole, a=np.random.default_rng(0).normal(size=1000))
    if kind == "an .npy":
        whole = io.BytesIO()
        np.save(whole, np.arange(3))
    content = whole.getvalue()
    damages = {"empty": b"", "text": b"text", "truncated": content[:2000], "an .npy": content}
    return damages.get(kind, content[:1000] + bytes(20) + content[1020:])


@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "overwritten", "an .npy"])
def test_what_is_no_whole_npz_is_told_in_one_line(tmp_path, kind):
    (tmp_path / "x.npz").write_bytes(damaged(kind))
    with pytest.raises(ValueError, match=r"^.+$") as caught, opened_npz(tmp_path / "x.npz") as file:
        _ = file["a"]
    assert "\n" not in str(caught.value)


def declaring(path, shape, held=24, as_file=None):
    """An .npz whose array says another shape, or whose entry says another size, than it holds."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.npy", header.getvalue() + bytes(held))
        if as_file is not None:
            file.filelist[0].file_size = len(header.getvalue()) + as_file
    return path


@pytest.mark.parametrize(
    ("forgery", "message"),
    [
        ({"shape": (10**12,)}, "a.npy declares 8000000000000 bytes, but holds 24"),
        ({"shape": (2,)}, "a.npy declares 16 bytes, but holds 24"),
        ({"shape": (2**31, 2**31, 4)}, "a.npy declares"),  # whose product is 0 in 64 bits
        ({"shape": (10**12,), "as_file": 8 * 10**12}, "a.npy declares more than it can hold"),
    ],
)
def test_an_array_that_declares_more_than_it_holds_takes_no_memory(tmp_path, forgery, message):
    with pytest.raises(ValueError, match=message), opened_npz(declaring(tmp_path / "x.npz", **forgery)):
        pass


def test_an_array_for_which_there_is_no_memory_is_told(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros(1000))
    monkeypatch.setattr("os.sysconf", lambda name: 80)
    with (
        pytest.raises(ValueError, match="its arrays take 8128 bytes, but this machine has 6400"),
        opened_npz(tmp_path / "x.npz"),
    ):
        pass


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 5000, "{", "\xff"])
def test_json_that_is_none_is_one_kind_of_error(tmp_path, text):
    (tmp_path / "x.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r".+"):
        read_json(tmp_path / "x.json")


@pytest.mark.parametrize("name", ["infogan", "draw 2", "pixelcnn++", "Größe-1", "a.b_c"])
def test_a_plain_name_is_accepted(name):
    assert plain_name("key", name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "/x", "a/b", "a\\b", ".x", "$HOME", "${x}", "~", "a=b", "*", "a\nb", "a\0", "x" * 200, 5],
)
def test_what_could_be_more_than_a_name_is_refused(name):
    with pytest.raises(GenzooError, match=r"key=.*: a plain file name is needed") as caught:
        plain_name("key", name)
    assert "\n" not in str(caught.value)
