"""The checkpoints that a user means."""

import pytest

from genzoo.core.errors import GenzooError
from genzoo.runs.found import find_checkpoint, find_checkpoints, newest_checkpoint, run_of


@pytest.fixture
def run(tmp_path):
    """A run folder beside nothing else."""
    folder = tmp_path / "a" / "run"
    (folder / "checkpoints").mkdir(parents=True)
    for name in ("last.ckpt", "best.ckpt", "checkpoints/round-000003.ckpt"):
        (folder / name).touch()
    return folder


def test_a_folder_stands_for_its_last_checkpoint_and_a_file_for_itself(run):
    assert find_checkpoint(run, "ckpt") == find_checkpoint(run.parent, "ckpt") == run / "last.ckpt"
    for name in ("best.ckpt", "checkpoints/round-000003.ckpt"):
        assert find_checkpoint(str(run / name), "ckpt") == run / name
        assert run_of(run / name) == run


@pytest.mark.parametrize("given", ["nothing", "nothing.ckpt"])
def test_a_missing_checkpoint_is_told_with_its_key(tmp_path, given):
    with pytest.raises(GenzooError, match=f"resume={tmp_path / given}: there is no checkpoint"):
        find_checkpoint(tmp_path / given, "resume")


@pytest.mark.parametrize("given", ["", None])
def test_an_empty_value_means_no_run_at_all(run, given, monkeypatch):
    monkeypatch.chdir(run)
    with pytest.raises(GenzooError, match=r"^ckpt=: give a run folder"):
        find_checkpoints(given, "ckpt")


def test_several_runs_are_members_but_not_one_to_resume(run):
    other = run.with_name("other")
    other.mkdir()
    (other / "last.ckpt").touch()
    assert find_checkpoints(run.parent, "ckpt") == [other / "last.ckpt", run / "last.ckpt"]
    with pytest.raises(GenzooError, match=r"^resume=.*: it contains 2 runs; give one, such as .*/run"):
        find_checkpoint(run.parent, "resume")


def test_last_is_the_newest(run, tmp_path):
    assert newest_checkpoint(tmp_path, "resume") == run / "last.ckpt"
    with pytest.raises(GenzooError, match=r"^resume=last: there is no run with a checkpoint"):
        newest_checkpoint(run / "checkpoints", "resume")


def test_a_checkpoint_outside_of_any_run_is_refused(tmp_path):
    (tmp_path / "downloads").mkdir()
    (path := tmp_path / "downloads" / "best.ckpt").touch()
    with pytest.raises(GenzooError, match=r"it is not in a run folder; put it into a new folder as last.ckpt"):
        run_of(path)
