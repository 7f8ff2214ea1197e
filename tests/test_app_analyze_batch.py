"""Many recordings in several processes: order, faults, and workers that die."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sciatrack.batch import Job, Outcome, run

WORK = """
import os, time
from sciatrack.batch import Outcome

def work(job):
    number = int(job.name)
    if number == 3:
        os._exit(1)  # as the kernel's out-of-memory killer would
    time.sleep(0.2 if number == 0 else 0)
    return Outcome(job.name, notes=(str(os.getpid()), os.environ.get("OMP_NUM_THREADS", "")))
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch) -> Callable[[Job], Outcome]:
    """A function that other processes can import by name, which a test module's own cannot be."""
    (tmp_path / "fake_work_for_batch.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    import fake_work_for_batch

    return fake_work_for_batch.work


def jobs(*names: int) -> list[Job]:
    return [Job(str(name), Path(str(name))) for name in names]


def test_outcomes_come_in_the_order_of_the_jobs_from_other_processes(work, monkeypatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    outcomes = list(run(jobs(0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12), workers=2, work=work))
    assert [outcome.name for outcome in outcomes] == [str(n) for n in (0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12)]
    assert str(os.getpid()) not in {outcome.notes[0] for outcome in outcomes}
    assert {outcome.notes[1] for outcome in outcomes} == {"1"}


def test_one_worker_stays_in_this_process(work) -> None:
    assert [outcome.notes[0] for outcome in run(jobs(1, 2), workers=1, work=work)] == [str(os.getpid())] * 2


@pytest.mark.parametrize("names", [(1, 2, 3, 4, 5), (0, 3, 4), (3, 3, 1)])
def test_a_job_that_kills_its_process_costs_no_other_job(work, names: tuple[int, ...]) -> None:
    """In (0, 3, 4) the job being waited for is not the one that died: it is done again, not blamed."""
    outcomes = list(run(jobs(*names), workers=2, work=work))
    assert [outcome.name for outcome in outcomes] == [str(name) for name in names]
    assert ["died" in outcome.error for outcome in outcomes] == [name == 3 for name in names]


def test_no_jobs_no_outcomes() -> None:
    assert list(run([], workers=4)) == []
