"""Sweeps: each job is a separate process; their states are kept on disk; one table is written at the end."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genzoo.core.errors import GenzooError
from genzoo.core.files import is_count, read_json, write_json
from genzoo.core.stopwatch import clock
from genzoo.launch.jobs import DetachedJob, Process, Task
from genzoo.launch.tables import as_text, by_setting, jobs_as_text, write_jobs, write_settings
from genzoo.runs.folders import JOB, VARIABLE
from genzoo.runs.lock import locked, owner_of

# Variables that a launcher or Lightning may have set for *this* process; a job must not inherit them.
FOREIGN = ("LOCAL_RANK", "RANK", "WORLD_SIZE", "NODE_RANK", "MASTER_ADDR", "MASTER_PORT", "PL_GLOBAL_SEED", VARIABLE)
JOBS = "jobs.json"


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
    folder: str | None = None  # of the job's run
    seconds: float = 0.0
    message: str = ""


def read_jobs(folder: Path) -> list[Job]:
    """Reads the jobs of a sweep's folder.

    Raises:
        OSError: ``jobs.json`` cannot be read.
        ValueError: ``jobs.json`` is damaged.
    """
    jobs = read_json(folder / JOBS)
    if not isinstance(jobs, list):
        raise ValueError("not a list")
    for i, job in enumerate(jobs):
        if not isinstance(job, dict) or not {"number", "overrides"} <= job.keys() <= KINDS.keys():
            raise ValueError(f"entry {i} is not a job")
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
    """The jobs of one sweep, stored in ``jobs.json`` in its folder.

    If a sweep is started again, jobs that are done are skipped and interrupted jobs resume from the last checkpoint of
    their run.

    Args:
        folder: the sweep's folder; beside ``jobs.json`` it gets one log per job and the tables of ``launch.tables``.

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
                f"hydra.sweep.dir={folder}: the folder cannot be created ({error.strerror}); choose another."
            ) from error
        except ValueError as error:
            raise GenzooError(
                f"hydra.sweep.dir={folder}: its jobs.json is damaged ({error}); choose another folder."
            ) from error

    def job(self, number: int, overrides: list[str]) -> Job:
        """Returns the stored job with this number, or adds a new one.

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

    def run(
        self,
        jobs: Sequence[Job],
        command: Sequence[str],
        n_jobs: int,
        environment: Mapping[str, str] | None = None,
        start: Callable[[Task], Process] = Task.start,
    ) -> None:
        """Runs the jobs that are not done, and writes the table.

        If an earlier sweep process was killed and a job of it still runs, waits for that job instead of starting it
        again.

        Args:
            jobs: jobs of this sweep.
            command: the command line of a job without its overrides.
            n_jobs: number of jobs that run at the same time.
            environment: variables added to the environment of each job.
            start: function that starts a job, on this machine or another.

        Raises:
            GenzooError: another process runs the sweep.
            KeyboardInterrupt: this process got SIGINT or SIGTERM; the running jobs have written their checkpoints.
        """
        with locked(self.folder):
            self._run(jobs, command, n_jobs, environment or {}, start)

    def _run(
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
        print(f"{len(waiting)} of {len(jobs)} jobs to run, {n_jobs} at a time -> {self.folder}", flush=True)
        try:
            while waiting or running:
                # Fill the free slots. If the queue refuses a job while others run, the rest waits for those.
                while waiting and len(running) < n_jobs:
                    try:
                        process = self._begin(waiting[0], command, environment, start)
                    except GenzooError:
                        waiting[0].state = "waiting"
                        self._save()
                        if not running:
                            raise
                        n_jobs = len(running)
                    else:
                        running[waiting.pop(0)] = process, time.monotonic()
                # Collect the jobs that have ended.
                time.sleep(0.05)
                for job, (process, started) in list(running.items()):
                    if process.poll() is not None:
                        self._end(job, process.wait(), time.monotonic() - started)
                        del running[job]
                        if isinstance(process, DetachedJob) and job.state != "done":
                            waiting.append(job)  # to resume it from its checkpoint
        except KeyboardInterrupt:
            # SIGINT or SIGTERM: let every job write its checkpoint before this process ends.
            for process, _ in running.values():
                process.terminate()
            for job, (process, started) in running.items():
                self._end(job, process.wait(), time.monotonic() - started)
            print(f"interrupted; to continue, give the same command with hydra.sweep.dir={self.folder}", flush=True)
            raise
        finally:
            signal.signal(signal.SIGTERM, before)
            for process, _ in running.values():
                if process.poll() is None:
                    process.kill()
            print(self._write_tables(jobs), flush=True)

    def metrics(self, job: Job) -> dict[str, float]:
        """Returns the metrics of the job's run; empty if it has none yet."""
        return self.report(job).get("metrics", {})

    def report(self, job: Job) -> dict[str, Any]:
        """Returns ``metrics.json`` of the job's run; empty if there is none."""
        try:
            report = read_json(Path(job.folder or "") / "metrics.json")
        except (OSError, ValueError):
            return {}
        return report if isinstance(report, dict) and isinstance(report.get("metrics"), dict) else {}

    def _measured(self, job: Job) -> dict[str, float]:
        """Returns the metrics of the job's run, and those of its best checkpoint as best/...; empty if it has none."""
        report = self.report(job)
        best = report.get("best")
        found = best.get("metrics") if isinstance(best, dict) else None
        of_best = {f"best/{name}": value for name, value in found.items()} if isinstance(found, dict) else {}
        return {**report.get("metrics", {}), **of_best}

    def _begin(
        self, job: Job, command: Sequence[str], environment: Mapping[str, str], start: Callable[[Task], Process]
    ) -> Process:
        folder_file, log = self._path(job, "folder"), self._path(job, "log")
        given = {**environment, JOB: str(folder_file), "WANDB_RUN_GROUP": self.folder.name}
        task = Task(command, job.overrides, folder_file, log, given, dropped=FOREIGN)
        job.state, job.message = "running", ""
        self._save()
        if task.run and (owner := owner_of(task.run)):
            print(f"job {job.number}: still runs as process {owner.process}; waiting for its end", flush=True)
            return DetachedJob(task.run)
        print(f"job {job.number}: {' '.join(task.arguments)} (log: {log})", flush=True)
        return start(task)

    def _end(self, job: Job, status: int, seconds: float) -> None:
        folder_file = self._path(job, "folder")
        if folder_file.exists():
            job.folder = folder_file.read_text()
        job.state = {0: "done", 130: "interrupted"}.get(status, "failed")
        if job.state == "failed" and not (job.folder and owner_of(Path(job.folder))):  # its next start is a new run
            folder_file.unlink(missing_ok=True)
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

    def _write_tables(self, shown: Sequence[Job]) -> str:
        """Writes the tables; returns those of some jobs as text: a row per job, and the summary over seeds if any."""
        measured = {job.number: self._measured(job) for job in self.jobs}
        ordered = sorted(self.jobs, key=lambda job: job.number)
        rows = {job.number: _row(job, measured[job.number]) for job in ordered}
        write_jobs([*rows.values()], self.folder)
        text = jobs_as_text([rows[job.number] for job in shown])

        settings = by_setting([(_settings(job), measured[job.number]) for job in self.jobs if job.state == "done"])
        if all(row["runs"] == 1 for row in settings):
            return text
        write_settings(settings, self.folder)
        return f"{text}\n{as_text(settings)}\n\nsummary.txt, .csv, .md and .tex are in {self.folder}"


def _row(job: Job, measured: Mapping[str, float]) -> dict[str, Any]:
    """Returns a row of the table of jobs."""
    fixed = {"job": job.number, **_settings(job), "state": job.state, "time": clock(job.seconds)}
    return {**fixed, **measured, "folder": job.folder or "", "message": job.message}


def shared_cores(n_jobs: int) -> dict[str, str]:
    """Returns OMP_NUM_THREADS so that the jobs share this machine's cores; empty if the user has set it."""
    if n_jobs == 1 or "OMP_NUM_THREADS" in os.environ:
        return {}
    return {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // n_jobs))}


def _settings(job: Job) -> dict[str, str]:
    return dict(override.lstrip("+").partition("=")[::2] for override in job.overrides)
