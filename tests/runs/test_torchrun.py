"""Several machines, which here are several torchruns."""

import os
import socket
import subprocess
import sys
import time

import pytest

from genzoo.core.errors import GenzooError
from genzoo.runs import torchrun
from genzoo.runs.build import trainer_options
from support import ROOT, SHAPES, forked, resolved, same, state

RUN = (
    "model=gan",
    *SHAPES,
    "trainer=smoke",
    "trainer.accelerator=cpu",
    "metrics=none",
    "logger=none",
    "recipe.batch_size=16",
)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def machines(*overrides, n=2):
    """Starts one torchrun a machine, each with one process."""
    port, environment = free_port(), os.environ | {"OMP_NUM_THREADS": "1"}
    common = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=1", f"--nnodes={n}"]
    common += ["--master-addr=127.0.0.1", f"--master-port={port}"]
    return [
        subprocess.Popen(
            [*common, f"--node-rank={rank}", str(ROOT / "train.py"), *RUN, *overrides],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(n)
    ]


def finish(processes):
    outputs = [process.communicate(timeout=200)[0] for process in processes]
    return [process.returncode for process in processes], outputs


def test_two_machines_train_what_two_devices_of_one_train(tmp_path):
    statuses, outputs = finish(machines("trainer.rounds=3", f"paths.runs={tmp_path}/two"))
    assert statuses == [0, 0], outputs
    (two,) = (tmp_path / "two").glob("*/*")
    assert "finished after 3 of 3 rounds" in outputs[0]
    assert "2 x cpu" in outputs[0]
    assert "rounds" not in outputs[1], "only the first process tells"
    alone = forked.run("train.py", *RUN, "trainer.rounds=3", "trainer.devices=2", f"paths.runs={tmp_path}/one")
    assert alone.returncode == 0, alone.stderr
    (one,) = (tmp_path / "one").glob("*/*")
    assert same(state(one)["state_dict"], state(two)["state_dict"])


def test_a_machine_that_dies_ends_the_others_within_a_minute(tmp_path):
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=20")
    first, second = machines("trainer.rounds=100000", f"paths.runs={tmp_path}", *saving)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("*/*/last.ckpt")):
        assert time.monotonic() < deadline
        assert first.poll() is None
        time.sleep(0.1)
    subprocess.run(["pkill", "-KILL", "-P", str(second.pid)], check=True)
    died = time.monotonic()
    (status, _), (output, _) = finish([first, second])
    assert status != 0
    assert time.monotonic() - died < 60
    assert "Connection" in output or "closed" in output, "its error is shown"


@pytest.fixture
def started(monkeypatch):
    """As torchrun starts two processes on each of two machines."""
    given = {"TORCHELASTIC_RUN_ID": "a", "RANK": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2", "WORLD_SIZE": "4"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)


def test_torchrun_says_how_many_devices_and_machines_there_are(started):
    assert torchrun.started()
    assert torchrun.processes() == (2, 2)
    with pytest.raises(GenzooError, match=r"trainer.devices=3: torchrun has started 2 processes on this machine"):
        trainer_options(resolved(*RUN, "trainer.devices=3"))


def test_more_processes_than_gpus_are_refused(started):
    with pytest.raises(GenzooError, match=r"trainer.devices=2: this machine has 0 GPU"):
        trainer_options(resolved("model=gan", *SHAPES, "trainer=ddp"))


def test_machines_are_not_a_setting():
    with pytest.raises(GenzooError, match=r"trainer.options.num_nodes: .*torchrun"):
        trainer_options(resolved(*RUN, "+trainer.options.num_nodes=2"))


def test_copies_that_srun_starts_are_refused(monkeypatch):
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    with pytest.raises(GenzooError, match="not by torchrun"):
        torchrun.check_launcher()


def test_slurms_own_variables_change_nothing(monkeypatch):
    for name, value in {"SLURM_NTASKS": "1", "SLURM_JOB_NAME": "genzoo", "SLURM_NTASKS_PER_NODE": "1"}.items():
        monkeypatch.setenv(name, value)
    options = trainer_options(resolved(*RUN, "trainer=ddp_cpu"))
    assert options["devices"] == 2
