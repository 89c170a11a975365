"""A folder belongs to one process, until it is dead."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from genzoo.core.errors import GenzooError
from genzoo.runs import lock
from genzoo.runs.lock import FILE, locked, owner_of

HOLD = "import sys, time\nfrom pathlib import Path\nfrom genzoo.runs.lock import locked\n"
HOLD += "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_folder_in_use_is_refused_in_one_line(tmp_path, holder):
    assert owner_of(tmp_path).process == holder.pid
    refusal = f"{tmp_path} is in use by process {holder.pid} on .*; wait for its end"
    with pytest.raises(GenzooError, match=refusal), locked(tmp_path):
        pytest.fail("two owners")


@pytest.mark.parametrize("reaped", [True, False])
def test_the_lock_of_a_killed_process_is_void(tmp_path, holder, reaped):
    os.kill(holder.pid, signal.SIGKILL)
    if reaped:
        holder.wait()
    else:  # a zombie
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    assert owner_of(tmp_path) is None
    with locked(tmp_path):
        assert owner_of(tmp_path).process == os.getpid()
    assert not (tmp_path / FILE).exists()


def test_a_process_of_the_same_number_that_was_started_later_is_another(tmp_path):
    with locked(tmp_path):
        content = json.loads((tmp_path / FILE).read_text())
        (tmp_path / FILE).write_text(json.dumps(content | {"started": "1"}))
        assert owner_of(tmp_path) is None


def write_foreign(folder, age):
    (folder / FILE).write_text(json.dumps({"machine": "elsewhere 1", "process": 1, "started": "1"}))
    os.utime(folder / FILE, times=(time.time() - age,) * 2)


def test_an_owner_elsewhere_lives_as_long_as_it_gives_signs_of_life(tmp_path):
    write_foreign(tmp_path, age=lock.TIMEOUT / 2)
    assert owner_of(tmp_path).machine == "elsewhere 1"
    write_foreign(tmp_path, age=2 * lock.TIMEOUT)
    assert owner_of(tmp_path) is None


def test_a_heartbeat_from_elsewhere_is_a_refusal_and_a_timeout_is_not(tmp_path, monkeypatch):
    write_foreign(tmp_path, age=lock.TIMEOUT / 2)
    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", lambda _: os.utime(tmp_path / FILE))
        with pytest.raises(GenzooError, match="in use by process 1 on elsewhere;"), locked(tmp_path):
            pytest.fail("two owners")
    write_foreign(tmp_path, age=lock.TIMEOUT / 2)
    monkeypatch.setattr(time, "sleep", lambda _: monkeypatch.setattr(lock, "TIMEOUT", 1.0))
    with locked(tmp_path):
        assert owner_of(tmp_path).process == os.getpid()


def test_an_owner_sends_heartbeats(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "HEARTBEAT", 0.01)
    with locked(tmp_path):
        os.utime(tmp_path / FILE, times=(0, 0))
        deadline = time.monotonic() + 10
        while (tmp_path / FILE).stat().st_mtime == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_damaged_lock_is_none(tmp_path):
    (tmp_path / FILE).write_text("[1")
    assert owner_of(tmp_path) is None
