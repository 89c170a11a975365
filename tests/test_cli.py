"""The entries, as a user types them: every mistake is one line."""

import errno
import re
import subprocess
import sys

import pytest

from genzoo.cli import entry
from support import ROOT, SHAPES

SMOKE = (*SHAPES, "trainer=smoke", "recipe.batch_size=16", "logger=none", "metrics=none")


def run(script: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(ROOT / script), *arguments], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model=infogna",), r"model=infogna: unknown\. Did you mean 'infogan'"),
        (("data=mnits",), r"data=mnits: unknown\. Did you mean 'mnist'"),
        (("metrics=fidd",), r"metrics=fidd: unknown\. Accepted: .*default"),
        (("trainer=quik",), r"trainer=quik: unknown\. Did you mean 'quick'"),
        (("modle=gan",), r"modle: there is no such key.*Did you mean 'model'"),
        (
            ("model.generator.chanels=3",),
            r"model\.generator\.chanels: there is no such key.*Did you mean 'model\.generator\.channels'",
        ),
        (("model=gan", "data=cartpole"), r"data\.channels: the model needs to know it, but the chosen data have no"),
        (("model=trpo", "data=mnist"), r"data\.policy: the model needs to know it, .* an environment \(data=cartpole"),
        (
            ("model=pixelcnn", "data=shapes", "data.levels=16"),
            r"data\.levels=16: recipe\.likelihoods has none for it\. Accepted: 2, 256; choose other data\.$",
        ),
        (("seed",), r"seed: this is not an override; write key=value"),
    ],
)
def test_a_mistake_in_the_configuration_is_one_line_with_near_matches(arguments, message):
    result = run("train.py", *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert re.search(f"^error: {message}", line)


@pytest.mark.parametrize(
    ("command", "key"), [(("evaluate.py",), "ckpt"), (("train.py", "data=images", "logger=none"), "data.root")]
)
def test_a_missing_value_is_named(command, key):
    result = run(*command)
    assert result.returncode == 2
    assert result.stderr == f"error: {key}: a value is needed; give {key}=... on the command line.\n"


def test_a_mistake_found_by_the_task_is_one_line_and_debug_shows_where(tmp_path):
    arguments = (*SMOKE, "data.batch_size=0", f"paths.runs={tmp_path}")
    result = run("train.py", *arguments)
    assert result.returncode == 2
    assert result.stderr == "error: data.batch_size=0: a positive integer is needed.\n"
    assert "Traceback" in run("train.py", *arguments, "debug=true").stderr


def test_a_sweep_runs_every_job_in_a_folder_of_its_own(tmp_path):
    result = run("train.py", "-m", *SMOKE, "seed=0,1", "model=gan", f"paths.runs={tmp_path}", "trainer.rounds=1")
    assert result.returncode == 0, result.stderr
    assert len(list(tmp_path.glob("gan-shapes/*/metrics.json"))) == 2


@pytest.mark.parametrize(("number", "one_line"), [(errno.ENOSPC, True), (errno.EACCES, True), (errno.ECHILD, False)])
def test_a_disk_that_is_full_or_closed_is_one_line(number, one_line, capsys, monkeypatch):
    def fail():
        raise OSError(number, "No luck", "/runs/metrics.csv")

    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit if one_line else OSError):
        entry(fail)
    message = "error: /runs/metrics.csv could not be written (No luck). Free some space or choose another folder"
    assert capsys.readouterr().err.startswith(message) == one_line
