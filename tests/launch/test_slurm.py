"""Jobs of a cluster, in submitit's local mode, which applies a cluster's rules to local processes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from submitit.core.utils import UncompletedJobError

from genzoo.core.errors import GenzooError
from genzoo.launch.jobs import Task
from genzoo.launch.slurm import Cluster, OnNode, Submitted
from genzoo.launch.sweeps import Sweep

# A job's script instead of training. The checkpoint counts interrupted lives; the first two lives last until SIGTERM.
LASTING = """
import os, signal, sys, time
from pathlib import Path
given = dict(override.partition("=")[::2] for override in sys.argv[1:])
folder = Path(given.get("resume") or os.environ["HERE"] + "/run")
folder.mkdir(exist_ok=True)
Path(os.environ["GENZOO_JOB"]).write_text(str(folder))
checkpoint = folder / "last.ckpt"
lives = int(checkpoint.read_text()) if checkpoint.exists() else 0

def end(*_):
    checkpoint.write_text(str(lives + 1))
    print("lived as", sys.argv[1:], flush=True)
    sys.exit(130)

signal.signal(signal.SIGTERM, end)
(folder / f"life{lives}").write_text(str(os.getppid()))
if lives < 2:
    time.sleep(60)
(folder / "metrics.json").write_text('{"metrics": {"test/fid": 1.0}}')
"""
PARAMETERS = {"timeout_min": 5}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("HERE", str(tmp_path))
    return tmp_path


def play(folder, script, overrides=("x=1",)):
    sweep = Sweep(folder)
    job = sweep.job(0, list(overrides))
    cluster = Cluster(folder / "submitit", "local", PARAMETERS, grace=20, requeues=3)
    sweep.run([job], [sys.executable, "-c", script], 1, start=cluster.submit)
    return sweep, job


def appears(path: Path):
    deadline = time.monotonic() + 60
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)
    return path.read_text()


def test_a_job_that_is_preempted_is_queued_again_and_goes_on_with_its_run(here):
    def preempt():  # twice, as SLURM does it: by a signal to what submitit runs
        for life in (0, 1):
            os.kill(int(appears(here / "run" / f"life{life}")), signal.SIGUSR2)

    thread = threading.Thread(target=preempt)
    thread.start()
    sweep, job = play(here / "sweep", LASTING)
    thread.join()
    assert job.state == "done"
    assert sweep.metrics(job) == {"test/fid": 1.0}
    log = (here / "sweep" / "job0.log").read_text().splitlines()
    assert log == ["lived as ['x=1']", f"lived as ['x=1', 'resume={here}/run']"]
    assert (here / "run" / "life2").exists()


def test_an_interrupted_sweep_ends_its_jobs_and_goes_on_with_their_runs(here):
    script = (
        "import sys\nfrom pathlib import Path\nfrom genzoo.launch.slurm import Cluster\n"
        f"from genzoo.launch.sweeps import Sweep\nfolder = Path({str(here / 'sweep')!r})\nsweep = Sweep(folder)\n"
        f"cluster = Cluster(folder / 'submitit', 'local', {PARAMETERS}, grace=20, requeues=3)\n"
        f"command = [sys.executable, '-c', {LASTING!r}]\n"
        "sweep.run([sweep.job(0, ['x=1'])], command, 1, start=cluster.submit)"
    )
    for life in (0, 1):
        process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
        appears(here / "run" / f"life{life}")
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        (job,) = json.loads((here / "sweep" / "jobs.json").read_text())
        assert job["state"] == "interrupted"
        assert (here / "run" / "last.ckpt").read_text() == str(life + 1)
    assert play(here / "sweep", LASTING)[1].state == "done"


def test_a_failed_job_has_the_last_line_of_its_log_as_message(here):
    _, job = play(here / "failing", "raise ValueError('something broke')")
    assert (job.state, job.message) == ("failed", "ValueError: something broke")


class Lost:
    """A submitit job whose machine went down."""

    def done(self):
        return True

    def result(self):
        raise UncompletedJobError("Job 12 (task: 0) has not produced any output (state: NODE_FAIL)\nNo output.")

    def cancel(self):
        self.cancelled = True


def test_a_job_that_the_cluster_loses_has_failed_unless_it_was_cancelled(tmp_path):
    job = Submitted(Lost(), tmp_path / "log", "slurm")
    assert job.poll() == 1
    assert (tmp_path / "log").read_text().startswith("Job 12 (task: 0) has not produced any output (state: NODE_FAIL)")
    assert job.wait() == 1
    assert len((tmp_path / "log").read_text().splitlines()) == 1
    job = Submitted(Lost(), tmp_path / "log", "slurm")
    job.terminate()
    assert job._job.cancelled
    assert job.wait() == 130


def test_a_process_that_does_not_end_in_time_is_killed_before_the_cluster_does_it(tmp_path):
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    task = Task([sys.executable, "-c", stubborn], [], tmp_path / "folder", tmp_path / "log")
    node = OnNode(task, patience=0.2)
    node.process = task.start()
    appears(tmp_path / "log")
    again = node.checkpoint()
    assert node.process.wait(10) == -signal.SIGKILL
    assert again.function.task == task


@pytest.mark.parametrize(
    ("name", "parameters", "grace", "message"),
    [
        ("slurm", {}, 20, "hydra.launcher.cluster=slurm: this machine has no SLURM"),
        ("local", {"slurm_partitio": "a"}, 20, "hydra.launcher: Unknown argument 'partitio'"),
        ("local", {"timeout_min": "long"}, 20, 'hydra.launcher: Parameter "timeout_min" expected type'),
        ("pbs", {}, 20, "hydra.launcher.cluster=pbs: unknown"),
        ("local", {}, 0, "hydra.launcher.grace=0"),
    ],
)
def test_invalid_settings_are_refused_in_one_line(tmp_path, monkeypatch, name, parameters, grace, message):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GenzooError) as error:
        Cluster(tmp_path, name, parameters, grace, 1)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
