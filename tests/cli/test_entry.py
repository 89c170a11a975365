"""The entries, as a user types them: every mistake is one line."""

import errno
import os
import re
import subprocess
import sys

import pytest

from genzoo.cli.entry import entry
from support import ROOT, SHAPES, forked

SMOKE = (*SHAPES, "trainer=smoke", "recipe.batch_size=16", "logger=none", "metrics=none")


def run(script: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(ROOT / script), *arguments], capture_output=True, text=True, cwd=ROOT)


def test_a_mistake_in_the_configuration_is_one_line():
    result = run("train.py", "model=infogna")
    assert result.returncode == 2
    assert result.stdout == ""
    assert re.fullmatch(r"error: model=infogna: unknown\. Did you mean 'infogan'.*\n", result.stderr)


def test_a_mistake_found_by_the_task_is_one_line_and_debug_shows_where(tmp_path):
    arguments = (*SMOKE, "data.batch_size=0", f"paths.runs={tmp_path}")
    result = forked.run("train.py", *arguments)
    assert result.returncode == 2
    assert result.stderr == "error: data.batch_size=0: a positive integer is needed.\n"
    result = forked.run("train.py", *arguments, "debug=true")
    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert "GenzooError: data.batch_size=0" in result.stderr


@pytest.mark.parametrize(("number", "one_line"), [(errno.ENOSPC, True), (errno.EACCES, True), (errno.ECHILD, False)])
def test_a_disk_that_is_full_or_closed_is_one_line(number, one_line, capsys, monkeypatch):
    def fail():
        raise OSError(number, "No luck", "/runs/metrics.csv")

    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit if one_line else OSError):
        entry(fail)
    message = "error: /runs/metrics.csv could not be written (No luck). Free some space or choose another folder"
    assert capsys.readouterr().err.startswith(message) == one_line


def test_a_rank_that_no_launcher_has_set_is_one_warning_and_no_mute_run(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    result = run("train.py", *SMOKE, "model=gan", "trainer.rounds=1", f"paths.runs={tmp_path}")
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith("warning: RANK=1 in the environment is ignored")
    assert result.stderr.count("\n") == 1
    assert "gan on shapes" in result.stdout
    (log,) = tmp_path.glob("*/*/run.log")
    assert "gan on shapes" in log.read_text()


def test_a_rank_of_a_known_launcher_stays(monkeypatch, capsys):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setattr(sys, "argv", ["train.py"])
    entry(lambda: None)
    assert os.environ["RANK"] == "1"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("arguments", ["train.py", "-m genzoo report", "-m genzoo list"])
def test_a_closed_pipe_is_no_traceback(arguments):
    command = f"set -o pipefail; {sys.executable} {arguments} --help | head -c 1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT)
    assert result.returncode in (0, 141)  # 0: all was written before the pipe was closed
    assert result.stderr == ""


def test_an_output_that_is_closed_while_something_is_printed_ends_with_the_status_of_sigpipe(tmp_path):
    script = tmp_path / "big.py"
    script.write_text("from genzoo.cli.entry import entry\nentry(lambda: print('x' * 10**6))\n")
    command = f"set -o pipefail; {sys.executable} {script} | head -c 1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (141, "")
