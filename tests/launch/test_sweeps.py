"""Sweeps: separate processes, states on disk, one table."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from genzoo.core.errors import GenzooError
from genzoo.launch.sweeps import JobsFailed, Sweep, shared_cores
from genzoo.runs.folders import JOB, create_run_folder
from genzoo.runs.lock import locked
from support import SHAPES, forked

# A job's script instead of training: it counts its starts and ends in the way that its overrides name.
STAND_IN = """
import json, os, signal, sys, time
from pathlib import Path
given = dict(override.partition("=")[::2] for override in sys.argv[1:])
here = Path(os.environ["HERE"])
with open(here / "starts", "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
if "resume" not in given:
    folder = here / f"run{given['x']}"
    folder.mkdir(exist_ok=True)
    Path(os.environ["GENZOO_JOB"]).write_text(str(folder))
    (folder / "last.ckpt").touch()
(here / f"environment{os.getpid()}").write_text(json.dumps(dict(os.environ)))
end = given.get("end", "well")
if end == "exception":
    raise ValueError("something broke")
if end == "nan":
    print("error: training diverged: generator_loss was not finite in round 3", file=sys.stderr)
    sys.exit(2)
if end == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if end == "long" and "resume" not in given:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    time.sleep(60)
if "resume" not in given:
    (folder / "metrics.json").write_text(json.dumps({"metrics": {"test/fid": 10.0 + float(given["x"])}}))
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("HERE", str(tmp_path))
    return tmp_path


COMMAND = [sys.executable, "-c", STAND_IN]


def play(folder, given, n_jobs=2):
    sweep = Sweep(folder)
    jobs = [sweep.job(i, overrides) for i, overrides in enumerate(given)]
    sweep.run(jobs, COMMAND, n_jobs, shared_cores(n_jobs))
    return sweep, jobs


def starts(here):
    return (here / "starts").read_text().splitlines()


def thirty():
    """Thirty jobs, of which three fail, each in a different way."""
    ends = {7: "exception", 13: "nan", 22: "kill"}
    return [[f"x={i}", f"end={ends.get(i, 'well')}"] for i in range(30)]


def test_a_failed_a_diverged_and_a_killed_job_fail_alone(here, capsys):
    sweep, jobs = play(here / "sweep", thirty())
    assert {job.number: job.message for job in jobs if job.state == "failed"} == {
        7: "ValueError: something broke",
        13: "error: training diverged: generator_loss was not finite in round 3",
        22: "killed by SIGKILL",
    }
    assert [job.state for job in jobs].count("done") == 27
    assert sweep.metrics(jobs[5]) == {"test/fid": 15.0}
    assert sweep.metrics(jobs[7]) == {}
    with open(here / "sweep" / "table.csv") as file:
        table = list(csv.DictReader(file))
    assert [row["test/fid"] for row in table if row["state"] == "done"] == [
        str(10.0 + i) for i in range(30) if i not in (7, 13, 22)
    ]
    assert table[22]["message"] == "killed by SIGKILL"
    assert table[3]["folder"] == str(here / "run3")
    text = (here / "sweep" / "table.txt").read_text()
    assert text in capsys.readouterr().out + "\n"
    assert len(text.splitlines()) == 31


def test_the_exit_status_is_the_number_of_failed_jobs(tmp_path):
    assert JobsFailed(3, 30, tmp_path).status == 3
    assert JobsFailed(400, 500, tmp_path).status == 99
    assert str(JobsFailed(3, 30, tmp_path)).startswith("3 of 30 jobs failed or did not run;")


def test_a_sweep_that_is_interrupted_ends_its_jobs_and_goes_on_with_those_that_are_not_done(here):
    given = thirty()
    for i in (14, 15):  # reached after half of the jobs, they last until the signal
        given[i] = [f"x={i}", "end=long"]
    script = (
        "import sys\nfrom pathlib import Path\nfrom genzoo.launch.sweeps import Sweep, shared_cores\n"
        f"sweep = Sweep(Path({str(here / 'sweep')!r}))\n"
        f"jobs = [sweep.job(i, overrides) for i, overrides in enumerate({given!r})]\n"
        f"sweep.run(jobs, {COMMAND!r}, 2, shared_cores(2))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (here / "run15" / "last.ckpt").exists():
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert f"to continue, give the same command with hydra.sweep.dir={here / 'sweep'}" in output
    states = {job["number"]: job["state"] for job in json.loads((here / "sweep" / "jobs.json").read_text())}
    assert [states[i] for i in (7, 13, 14, 15)] == ["failed", "failed", "interrupted", "interrupted"]
    assert set(states[i] for i in range(16, 30)) == {"waiting"}

    done = {i for i, state in states.items() if state == "done"}
    before = len(starts(here))
    _, jobs = play(here / "sweep", given)
    again = starts(here)[before:]
    assert [job.number for job in jobs if job.state != "done"] == [7, 13, 22]
    assert not any(f"x={i} " in line for line in again for i in done), "a finished job ran twice"
    # They start at the same time: either may be the first to log its start.
    assert {line.split()[-1] for line in again if "resume=" in line} == {f"resume={here / f'run{i}'}" for i in (14, 15)}
    assert len(again) == 30 - len(done)


def test_no_more_than_the_given_number_run_at_a_time_and_they_share_the_cores(here, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setenv("MASTER_PORT", "1")
    play(here / "sweep", [[f"x={i}"] for i in range(4)], n_jobs=2)
    environments = [json.loads(path.read_text()) for path in here.glob("environment*")]
    assert len(environments) == 4
    for environment in environments:
        assert environment["OMP_NUM_THREADS"] == str(max(1, (os.cpu_count() or 1) // 2))
        assert environment["WANDB_RUN_GROUP"] == "sweep"
        assert not environment.keys() & {"LOCAL_RANK", "MASTER_PORT", "GENZOO_RUN_FOLDER"}


def test_a_job_writes_its_folder_to_the_file_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(JOB, str(tmp_path / "folder"))
    folder = create_run_folder(tmp_path, "a", 0)
    assert Path((tmp_path / "folder").read_text()) == folder


def test_a_queue_that_takes_no_more_jobs_gets_the_others_later(here):
    taken = []

    def start(task):
        if len([process for process in taken if process.poll() is None]) == 2:
            raise GenzooError("no more than two")
        taken.append(task.start())
        return taken[-1]

    sweep = Sweep(here / "sweep")
    jobs = [sweep.job(i, [f"x={i}"]) for i in range(5)]
    sweep.run(jobs, COMMAND, 5, start=start)
    assert [job.state for job in jobs] == ["done"] * 5
    assert len(starts(here)) == 5

    def refuse(task):
        raise GenzooError("none at all")

    sweep = Sweep(here / "refused")
    with pytest.raises(GenzooError, match="none at all"):
        sweep.run([sweep.job(0, ["x=0"])], COMMAND, 5, start=refuse)
    assert json.loads((here / "refused" / "jobs.json").read_text())[0]["state"] == "waiting"


def test_another_sweeps_folder_is_refused(here):
    play(here / "sweep", [["x=0"]])
    with pytest.raises(GenzooError, match=r"hydra.sweep.dir=.*job 0 of the sweep there is x=0, here it is x=1"):
        Sweep(here / "sweep").job(0, ["x=1"])


@pytest.mark.parametrize(
    "text",
    [
        '[{"number": 1}',
        "5",
        "[" * 100_000,
        "[5]",
        '[{"number": "../../x", "overrides": []}]',
        '[{"number": 1, "overrides": "seed=1"}]',
        '[{"number": 1, "overrides": [5]}]',
        '[{"number": 1, "overrides": [], "state": "dne"}]',
        '[{"number": 1, "overrides": [], "seconds": "many"}]',
        '[{"number": 1, "overrides": [], "folder": 5}]',
        '[{"number": 1, "overrides": [], "more": 5}]',
    ],
)
def test_a_damaged_folder_is_refused(tmp_path, text):
    (tmp_path / "jobs.json").write_text(text)
    with pytest.raises(GenzooError, match=r"hydra.sweep.dir=.*its jobs.json is damaged"):
        Sweep(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(GenzooError, match=r"hydra.sweep.dir=.*the folder cannot be created"):
        Sweep(tmp_path / "file" / "sweep")


# Whole sweeps through train.py

QUICK = (*SHAPES, "model=gan", "trainer=smoke", "recipe.batch_size=16", "logger=none", "metrics=none")


def test_a_key_that_does_not_exist_stops_a_sweep_before_any_job(tmp_path):
    result = forked.run("train.py", "-m", *QUICK, "seed=0,1", "model.nothing=1", f"paths.runs={tmp_path}")
    assert result.returncode == 2
    assert "error: model.nothing: there is no such key" in result.stderr
    assert not list(tmp_path.glob("*/job*"))


def test_torchrun_does_not_start_sweeps(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a")
    result = forked.run("train.py", "-m", *QUICK, "seed=0,1", f"paths.runs={tmp_path}")
    assert result.returncode == 2
    assert "error: -m: torchrun would start the whole sweep" in result.stderr


def test_both_ranks_of_every_job_train_with_the_jobs_own_settings_in_a_folder_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "telling.py").write_text(
        "import os\nfrom pathlib import Path\nimport pytorch_lightning as pl\n\n"
        "class Tell(pl.Callback):\n"
        "    def on_train_end(self, trainer, module):\n"
        "        rate = trainer.optimizers[1].param_groups[0]['weight_decay']\n"
        f"        (Path({str(tmp_path)!r}) / f'{{rate}}-rank{{trainer.global_rank}}').touch()\n"
    )
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", paths)  # of the jobs
    result = forked.run(
        *("train.py", "-m", *QUICK, "trainer.accelerator=cpu", "trainer.devices=2"),
        *("+model.optimizers.generator.weight_decay=0.25,0.5", "+callbacks.tell._target_=telling.Tell"),
        f"paths.runs={tmp_path}/runs",
    )
    assert result.returncode == 0, result.stderr + result.stdout
    assert sorted(path.name for path in tmp_path.glob("0.*")) == [
        *("0.25-rank0", "0.25-rank1", "0.5-rank0", "0.5-rank1")
    ]
    assert len(list((tmp_path / "runs" / "gan-shapes").glob("*/metrics.json"))) == 2
    assert len(list((tmp_path / "runs" / "sweeps").iterdir())) == 1


# A sweep that was killed while its jobs went on

# Holds its run's lock until the file "go" exists; then finishes or dies.
LIVING = """
import json, os, sys, time
from pathlib import Path
from genzoo.runs.lock import locked
here = Path(os.environ["HERE"])
with open(here / "starts", "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
run = here / "run"
run.mkdir(exist_ok=True)
with locked(run):
    Path(os.environ["GENZOO_JOB"]).write_text(str(run))
    (run / "last.ckpt").touch()
    while not (here / "go").exists():
        time.sleep(0.01)
    if "resume" in sys.argv[-1] or (here / "go").read_text() == "finish":
        (run / "metrics.json").write_text(json.dumps({"state": "finished", "metrics": {"test/fid": 1.0}}))
    else:
        os._exit(9)
"""


@pytest.mark.parametrize("end", ["finish", "die"])
def test_a_job_that_outlived_its_sweep_is_waited_for_and_never_started_twice(here, capsys, monkeypatch, end):
    sweep = Sweep(here / "sweep")
    sweep.job(0, ["x=0"])
    detached = subprocess.Popen(
        [sys.executable, "-c", LIVING, "x=0"], env=os.environ | {JOB: str(here / "sweep" / "job0.folder")}
    )
    deadline = time.monotonic() + 60
    while not (here / "run" / "last.ckpt").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with monkeypatch.context() as patch:
        patch.setenv(JOB, str(here / "sweep" / "job0.folder"))
        with pytest.raises(GenzooError, match=f"process {detached.pid} already runs this job"):
            create_run_folder(here / "runs", "a", 0)
    threading.Timer(0.5, lambda: (here / "go").write_text(end)).start()
    jobs = [sweep.job(0, ["x=0"])]
    sweep.run(jobs, [sys.executable, "-c", LIVING], 1)
    assert jobs[0].state == "done"
    assert sweep.metrics(jobs[0]) == {"test/fid": 1.0}
    assert starts(here) == (["x=0"] if end == "finish" else ["x=0", f"x=0 resume={here / 'run'}"])
    assert f"job 0: still runs as process {detached.pid}; waiting for its end" in capsys.readouterr().out
    detached.wait()


def test_a_sweep_runs_in_one_process_at_a_time(here):
    sweep = Sweep(here / "sweep")
    with locked(here / "sweep"), pytest.raises(GenzooError, match="sweep is in use by process"):
        sweep.run([sweep.job(0, ["x=0"])], COMMAND, 1)
    assert not (here / "starts").exists()
