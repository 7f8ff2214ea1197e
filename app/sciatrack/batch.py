"""Many recordings, one after the other or in several processes; one bad file never stops the others."""

from __future__ import annotations

import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sciatrack_ingest import Recording
    from sciatrack_ingest.labels import Overrides
    from sciatrack_signal.result import Analysis

# Jobs handed out ahead of the one being waited for, for each worker: enough that none idles behind a long
# recording, few enough that finished results do not pile up in memory.
JOBS_AHEAD_PER_WORKER = 4
DIED = "the process that analysed it died; it may need more memory than there is (try --workers 1)"


@dataclass(frozen=True)
class Job:
    """One recording to analyse, under the name that its results carry."""

    name: str
    path: Path
    overrides: Overrides = field(default_factory=dict)  # type: ignore[assignment]
    exercise_file: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one job: an analysis, or an error in one line; notes say what the reader noticed."""

    name: str
    analysis: Analysis | None = None
    error: str = ""
    notes: tuple[str, ...] = ()


def analyze_job(job: Job) -> Outcome:
    """Read and analyse one recording. Never raises: whatever goes wrong is told in the outcome."""
    from sciatrack_ingest.errors import SciatrackError

    try:
        return _analyze(job)
    except (SciatrackError, OSError) as error:
        return Outcome(job.name, error=one_line(error))
    except Exception as error:  # a fault of ours in one file must not cost the results of the others
        at = traceback.extract_tb(error.__traceback__)[-1]
        what = f"unexpected {type(error).__name__}: {one_line(error)} ({Path(at.filename).name}:{at.lineno})"
        return Outcome(job.name, error=f"{what}; please report this")


def run(jobs: Sequence[Job], workers: int, work: Callable[[Job], Outcome] = analyze_job) -> Iterator[Outcome]:
    """The outcome of every job, in the order of the jobs, as soon as it and those before it are known.

    work : what is done with a job; it must be a function at the top of a module and must not raise.
    """
    if workers <= 1 or len(jobs) <= 1:
        yield from map(work, jobs)
        return
    done = 0
    while done < len(jobs):
        for outcome in _until_a_process_dies(jobs[done:], workers, work):
            done += 1
            yield outcome
        if done < len(jobs):  # which job killed its process is not known: the next in line is tried alone
            alone = list(_until_a_process_dies(jobs[done : done + 1], 1, work))
            yield alone[0] if alone else Outcome(jobs[done].name, error=DIED)
            done += 1


def one_line(error: BaseException) -> str:
    """The error's message without line breaks; its class where it has no message."""
    return " ".join(str(error).split()) or type(error).__name__


def _analyze(job: Job) -> Outcome:
    from sciatrack import api
    from sciatrack_ingest import read

    recording = replace(read(job.path, **job.overrides), name=job.name)
    analysis = api.analyze(recording, exercise_file=job.exercise_file)
    return Outcome(job.name, analysis, notes=_notes(recording))


def _notes(recording: Recording) -> tuple[str, ...]:
    notes = tuple(finding.message for finding in recording.findings)
    if recording.gyr is None and not any("gyro" in note.lower() for note in notes):
        notes += ("no gyroscope: turns about the vertical cannot be seen",)
    return notes


def _until_a_process_dies(jobs: Sequence[Job], workers: int, work: Callable[[Job], Outcome]) -> Iterator[Outcome]:
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)), mp_context=get_context("spawn"), initializer=_prepare_worker
    )
    running: deque[Future[Outcome]] = deque()
    submitted = 0
    try:
        while running or submitted < len(jobs):
            while submitted < len(jobs) and len(running) < workers * JOBS_AHEAD_PER_WORKER:
                running.append(pool.submit(work, jobs[submitted]))
                submitted += 1
            yield running.popleft().result()
    except BrokenProcessPool:
        return
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare_worker() -> None:
    """In each worker, before numpy is imported there: N workers shall not start N threads each.

    Ctrl-C ends a worker at once and without a traceback; the parent tells the person.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
