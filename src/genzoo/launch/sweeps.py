"""Sweeps: jobs as processes of their own, their states on disk, one table at the end."""

import csv
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write, is_count, read_json, write_json
from genzoo.core.stopwatch import clock
from genzoo.launch.jobs import Orphan, Process, Task
from genzoo.runs.folders import JOB, VARIABLE
from genzoo.runs.lock import locked, owner_of

# What a launcher or Lightning may have left in the environment about *this* process.
FOREIGN = ("LOCAL_RANK", "RANK", "WORLD_SIZE", "NODE_RANK", "MASTER_ADDR", "MASTER_PORT", "PL_GLOBAL_SEED", VARIABLE)
JOBS = "jobs.json"
COLUMNS = 6  # metrics that the printed table has room for; the CSV has all


class JobsFailed(GenzooError):
    """Some jobs of a sweep failed; the exit status is their number."""

    def __init__(self, failed: int, jobs: int, folder: Path):
        super().__init__(f"{failed} of {jobs} jobs failed or did not run; the table and their logs are in {folder}.")
        self.status = min(failed, 99)


@dataclass(eq=False)
class Job:
    """One job: ``state`` is waiting, running, done, failed or interrupted."""

    number: int
    overrides: list[str]
    state: str = "waiting"
    folder: str | None = None  # the run's
    seconds: float = 0.0
    message: str = ""


def read_jobs(folder: Path) -> list[Job]:
    """The jobs of a sweep's folder.

    Raises:
        OSError: there is no file of them.
        ValueError: it is damaged.
    """
    jobs = read_json(folder / JOBS)
    if not isinstance(jobs, list):
        raise ValueError("it is no list")
    for i, job in enumerate(jobs):
        if not isinstance(job, dict) or not {"number", "overrides"} <= job.keys() <= KINDS.keys():
            raise ValueError(f"entry {i} is no job")
        if wrong := [key for key in job if not KINDS[key](job[key])]:
            raise ValueError(f"{wrong[0]} of job {i} is {job[wrong[0]]!r:.50}")
    return [Job(**job) for job in jobs]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


KINDS: Mapping[str, Callable[[Any], bool]] = {
    "number": is_count,
    "overrides": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "state": lambda value: value in ("waiting", "running", "done", "failed", "interrupted"),
    "folder": lambda value: value is None or _is_text(value),
    "seconds": lambda value: isinstance(value, int | float) and 0 <= value < 2**63,
    "message": _is_text,
}


class Sweep:
    """The jobs of one sweep, as ``jobs.json`` in its folder has them.

    A job that an earlier start of the sweep has done is not played again; one that was interrupted goes on from its
    run's last checkpoint.

    Args:
        folder: of the sweep; beside ``jobs.json`` it gets ``table.csv``, ``table.txt`` and a log a job.

    Raises:
        GenzooError: the folder is damaged or cannot be written.
    """

    def __init__(self, folder: Path):
        self.folder, self.jobs = folder, []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if (folder / JOBS).exists():
                self.jobs = read_jobs(folder)
        except OSError as error:
            raise GenzooError(
                f"hydra.sweep.dir={folder}: the folder cannot be made ({error.strerror}); choose another."
            ) from error
        except ValueError as error:
            raise GenzooError(
                f"hydra.sweep.dir={folder}: its jobs.json is damaged ({error}); choose another folder."
            ) from error

    def job(self, number: int, overrides: list[str]) -> Job:
        """The job of that number, as an earlier start left it, or a new one.

        Raises:
            GenzooError: the folder belongs to another sweep.
        """
        for job in self.jobs:
            if job.number == number:
                if job.overrides != overrides:
                    raise GenzooError(
                        f"hydra.sweep.dir={self.folder}: job {number} of the sweep there is {' '.join(job.overrides)}, "
                        f"here it is {' '.join(overrides)}; give the same command, or choose another folder."
                    )
                return job
        self.jobs.append(Job(number, overrides))
        return self.jobs[-1]

    def play(
        self,
        jobs: Sequence[Job],
        command: Sequence[str],
        n_jobs: int,
        environment: Mapping[str, str] | None = None,
        start: Callable[[Task], Process] = Task.start,
    ) -> None:
        """Plays those jobs that are not done, and writes the table.

        Jobs that still run, since only the sweep was killed, are waited for.

        Args:
            jobs: of this sweep.
            command: the command line of a job without its overrides.
            n_jobs: so many at a time.
            environment: what is added to that of the jobs.
            start: starts a job, here or elsewhere.

        Raises:
            GenzooError: another process plays the sweep.
            KeyboardInterrupt: SIGINT or SIGTERM came; the running jobs have ended as interrupted runs do.
        """
        with locked(self.folder):
            self._play(jobs, command, n_jobs, environment or {}, start)

    def _play(
        self,
        jobs: Sequence[Job],
        command: Sequence[str],
        n_jobs: int,
        environment: Mapping[str, str],
        start: Callable[[Task], Process],
    ) -> None:
        waiting = [job for job in jobs if job.state != "done"]
        running: dict[Job, tuple[Process, float]] = {}
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        print(f"{len(waiting)} of {len(jobs)} jobs to play, {n_jobs} at a time -> {self.folder}", flush=True)
        try:
            while waiting or running:
                while waiting and len(running) < n_jobs:
                    try:
                        process = self._begin(waiting[0], command, environment, start)
                    except GenzooError:
                        waiting[0].state = "waiting"
                        self._save()
                        if not running:
                            raise
                        n_jobs = len(running)  # no more are taken
                    else:
                        running[waiting.pop(0)] = process, time.monotonic()
                time.sleep(0.05)
                for job, (process, started) in list(running.items()):
                    if process.poll() is not None:
                        self._end(job, process.wait(), time.monotonic() - started)
                        del running[job]
                        if isinstance(process, Orphan) and job.state != "done":
                            waiting.append(job)  # it goes on from its checkpoint
        except KeyboardInterrupt:
            for process, _ in running.values():
                process.terminate()
            for job, (process, started) in running.items():
                self._end(job, process.wait(), time.monotonic() - started)
            print(f"interrupted; the same command with hydra.sweep.dir={self.folder} goes on", flush=True)
            raise
        finally:
            signal.signal(signal.SIGTERM, before)
            for process, _ in running.values():
                if process.poll() is None:
                    process.kill()
            self._write_table()
            print(_aligned([self._row(job) for job in jobs]), flush=True)

    def metrics(self, job: Job) -> dict[str, float]:
        """What the job's run measured; empty if it did not come so far."""
        return self.report(job).get("metrics", {})

    def report(self, job: Job) -> dict[str, Any]:
        """The run's ``metrics.json``; empty if there is none."""
        try:
            report = read_json(Path(job.folder or "") / "metrics.json")
        except (OSError, ValueError):
            return {}
        return report if isinstance(report, dict) and isinstance(report.get("metrics"), dict) else {}

    def _begin(
        self, job: Job, command: Sequence[str], environment: Mapping[str, str], start: Callable[[Task], Process]
    ) -> Process:
        told, log = self._path(job, "folder"), self._path(job, "log")
        given = {**environment, JOB: str(told), "WANDB_RUN_GROUP": self.folder.name}
        task = Task(command, job.overrides, told, log, given, dropped=FOREIGN)
        job.state, job.message = "running", ""
        self._save()
        if task.run and (owner := owner_of(task.run)):
            print(f"job {job.number}: still runs as process {owner.process}; waiting for its end", flush=True)
            return Orphan(task.run)
        print(f"job {job.number}: {' '.join(task.arguments)} (log: {log})", flush=True)
        return start(task)

    def _end(self, job: Job, status: int, seconds: float) -> None:
        told = self._path(job, "folder")
        if told.exists():
            job.folder = told.read_text()
        job.state = {0: "done", 130: "interrupted"}.get(status, "failed")
        if job.state == "failed" and not (job.folder and owner_of(Path(job.folder))):  # it starts anew
            told.unlink(missing_ok=True)
        job.seconds += round(seconds, 1)
        if job.state == "failed":
            lines = self._path(job, "log").read_text(errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "")
            job.message = f"killed by {signal.Signals(-status).name}" if status < 0 else last
        self._save()
        print(
            f"job {job.number}: {job.state} after {clock(seconds)}{f': {job.message}' if job.message else ''}",
            flush=True,
        )

    def _path(self, job: Job, suffix: str) -> Path:
        return self.folder / f"job{job.number}.{suffix}"

    def _save(self) -> None:
        write_json(self.folder / JOBS, [asdict(job) for job in self.jobs])

    def _write_table(self) -> None:
        """Writes table.csv and table.txt: a row a job."""
        rows = [self._row(job) for job in sorted(self.jobs, key=lambda job: job.number)]
        with atomic_write(self.folder / "table.csv") as partial, open(partial, "w", newline="") as file:
            writer = csv.DictWriter(file, _names(rows))
            writer.writeheader()
            writer.writerows(rows)
        with atomic_write(self.folder / "table.txt") as partial:
            partial.write_text(_aligned(rows) + "\n")

    def _row(self, job: Job) -> dict[str, Any]:
        given = dict(override.lstrip("+").partition("=")[::2] for override in job.overrides)
        fixed = {"job": job.number, **given, "state": job.state, "time": clock(job.seconds)}
        return {**fixed, **self.metrics(job), "folder": job.folder or "", "message": job.message}


def shared_cores(n_jobs: int) -> dict[str, str]:
    """The variable that divides this machine's cores among jobs, unless the user has set it."""
    if n_jobs == 1 or "OMP_NUM_THREADS" in os.environ:
        return {}
    return {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // n_jobs))}


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _aligned(rows: Sequence[Mapping[str, Any]]) -> str:
    """What differs between rows, in columns."""
    names = _names(rows)
    metrics = [name for name in names if "/" in name]
    always = ("job", "state", "time", *metrics[:COLUMNS])
    differing = [name for name in names if len({str(row.get(name, "")) for row in rows}) > 1]
    told = [name for name in names if name in always or name in set(differing) - {*metrics, "folder"}]
    lines = [told] + [[_cell(row.get(name, "")) for name in told] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(told))]
    return "\n".join("  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
