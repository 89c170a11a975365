import errno
import json

import pytest

from genzoo.core.errors import GenzooError
from genzoo.core.files import aside, write_json


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    path.parent.mkdir()
    path.write_text("old")
    return path


def test_nothing_shows_before_the_block_ends(path):
    with aside(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert partial.parent == path.parent  # one file system: renaming is atomic
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_missing_folders_are_made(tmp_path):
    with aside(tmp_path / "a" / "b" / "file") as partial:
        partial.write_text("new")
    assert (tmp_path / "a" / "b" / "file").read_text() == "new"


def write_half(path, error):
    with aside(path) as partial:
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
    with pytest.raises(GenzooError, match="could not be written"), aside(path / "inner.txt") as partial:
        partial.write_text("new")
    assert path.read_text() == "old"


def test_a_block_that_writes_nothing_is_told(path):
    with pytest.raises(GenzooError, match="could not be written"), aside(path):
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
