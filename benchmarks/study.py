"""What a large study costs, in multiples of a scan of its reps: facts, reports, one participant, rebuilding.

    python benchmarks/study.py [--participants 10000] [--folder DIR] [--quick]

Simulated: 26 weeks, four exercises of 15 reps on 56 of 100 days, put directly into the tables of an index
(study_fill.sql). The yardstick is a scan of four columns of `rep` in the same process. The daily facts are made of
blocks, each of which holds what its reps come to since its session was added; what that costs for all reps is
printed beside it. It does not show cold disks, two sensors in a session, or several blocks of an exercise a day.
`--folder` keeps the studies there and takes them up again.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sciatrack_analytics import cohort, facts, reports, sql_files
from sciatrack_analytics.store import create_study, rebuild
from sciatrack_analytics.study import Study

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "sample_data" / "cohort"
PARTICIPANTS, SMALL, QUICK = 10_000, 1_000, 50
AT_ONCE = 500  # participants whose reps are put in by one statement
SCAN = """
select sum(strlen(participant)), sum(local_date - date '2026-01-05'), sum(strlen(exercise)), sum(hold_s) from rep
"""
MAX_SCANS, MAX_ONE_MS, MAX_GROWTH, MAX_GIB, MAX_REBUILD_S = 8, 80, 1.5, 2, 60  # the figures asked for
SESSIONS = 1_000
BLOCK_SUMS = (
    "reps_left", "reps_right", "reps_both", "reps_unknown", "hold_s_left", "hold_s_right", "hold_s_both",
    "hold_s_unknown", "holds", "reps_partial", "reps_inferred",
)  # fmt: skip


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def cost(act: Callable[[], Any], rounds: int = 1) -> tuple[float, float]:
    """Least CPU and wall seconds of so many rounds."""
    seen = []
    for _ in range(rounds):
        cpu, wall = cpu_s(), time.monotonic()
        act()
        seen.append((cpu_s() - cpu, time.monotonic() - wall))
    return min(cpu for cpu, _ in seen), min(wall for _, wall in seen)


def peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def fill(folder: Path, participants: int) -> None:
    """Make the study, unless it is there."""
    if (folder / "study.toml").exists():
        return
    create_study(folder)
    with Study(folder, write=True) as study:
        con = study.con
        con.execute(f"set variable n_participants = {participants}")
        for statement in con.extract_statements((HERE / "study_fill.sql").read_text(encoding="utf-8")):
            con.execute(statement).fetchall()
        facts.fill_plans(con)
        reps = (HERE / "study_fill_rep.sql").read_text(encoding="utf-8")
        for first in range(1, participants + 1, AT_ONCE):
            con.execute(f"set variable first_person = {first}")
            con.execute(f"set variable last_person = {min(first + AT_ONCE - 1, participants)}")
            con.execute(reps).fetchall()
            facts.fill_blocks(con)


def block_portions(study: Study) -> list[str]:
    """Conditions that name some participants' blocks each."""
    people = [who for (who,) in study.rows("select distinct participant from block order by participant")]
    portions = [people[start : start + AT_ONCE] for start in range(0, len(people), AT_ONCE)]
    return [f"participant between '{who[0]}' and '{who[-1]}'" for who in portions]


def sum_of_blocks(study: Study) -> float:
    """CPU seconds to add up the reps of all blocks, as is done once for each session that comes in."""
    names = ", ".join(name for name, *_ in study.rows("describe block") if name not in BLOCK_SUMS)
    portions = block_portions(study)

    def empty_table() -> None:  # for each portion: 4 million rows in memory would crowd out what is measured
        study.rows("create or replace temp table block as select * from study.main.block limit 0")

    def add_up() -> None:
        for who in portions:
            empty_table()
            study.rows(
                f"create or replace temp view incoming_block as select {names} from study.main.block where {who}"
            )
            ((first, last),) = study.rows("select min(block_no), max(block_no) from incoming_block")
            study.rows(  # by number, as `add` has them at hand: a question within it reads all reps each time
                "create or replace temp view incoming_rep as select * from rep "
                f"where block_no between {first} and {last}"
            )
            facts.fill_blocks(study.con)

    def copy() -> None:  # in the order in which they stand, as `fill_block` leaves them
        for who in portions:
            empty_table()
            study.rows(f"insert into block select * from study.main.block where {who}")

    with_sums, _ = cost(add_up)
    without, _ = cost(copy)
    study.rows("drop table temp.block")
    return with_sums - without


def without_facts(study: Study) -> None:
    """A study that is taken up again holds the facts of the last time: to put others in their place costs more."""
    for name in sql_files.FACTS:
        study.rows(f"drop table {name}")
        study.rows(sql_files.text(f"table_{name}"))
    study.rows("checkpoint")


def first_facts(study: Study) -> None:
    with study.transaction():
        facts.fill_plans(study.con)
        facts.fill_facts(study.con)


def one_day_more(study: Study) -> None:
    """The facts of one participant's day anew, as adding one session does."""
    with study.transaction():
        study.rows(
            "create or replace temp table touched as select participant, local_date from session "
            "where participant = 'P00025' limit 1"
        )
        facts.refresh_facts(study.con)


def one_participant(folder: Path) -> None:
    with Study(folder) as study:
        assert reports.run(study, "adherence_weekly", participant="P00025").table.num_rows > 50


def say(what: str, found: float, asked: float, unit: str, more: str = "") -> None:
    print(
        f"{'missed' if found > asked else 'met':6s} {what}: {found:.3g} {unit}, asked {asked:g} {more}", flush=True
    )


def measure(folder: Path, participants: int) -> float:
    """Print the figures of one size; returns the CPU seconds of one participant's report."""
    fill(folder, participants)
    with Study(folder, write=True) as study:
        ((n_reps,),) = study.rows("select count(*) from rep")
        scan, _ = cost(lambda: study.rows(SCAN), 5)
        print(
            f"\n{participants} participants, {n_reps} reps; scan of four columns: {scan:.3f} s of CPU", flush=True
        )
        without_facts(study)
        first, _ = cost(lambda: first_facts(study))
        ((days, counted),) = study.rows(
            "select count(*), sum(reps_left + reps_right + reps_both + reps_unknown) from day_fact"
        )
        assert counted == n_reps, "the facts are not the sum of the reps"
        say(f"first facts of {days} days, of blocks", first / scan, MAX_SCANS, "scans", f"({first:.2f} s)")
        sums = sum_of_blocks(study)
        say(
            "the same, of reps",
            (first + sums) / scan,
            MAX_SCANS,
            "scans",
            f"(blocks summed: {sums / scan:.1f} scans)",
        )
        more, _ = cost(lambda: one_day_more(study), 3)
        print(f"       facts of one more session: {more * 1000:.0f} ms of CPU", flush=True)
    with Study(folder) as study:
        scan, _ = cost(lambda: study.rows(SCAN), 5)
        whole, _ = cost(lambda: reports.run(study, "adherence_weekly"))
        say("whole adherence_weekly", whole / scan, MAX_SCANS, "scans", f"({whole:.2f} s)")
        whole, _ = cost(lambda: reports.run(study, "adherence_patient"))
        say("whole adherence_patient", whole / scan, MAX_SCANS, "scans", f"({whole:.2f} s)")
    cpu, wall = cost(lambda: one_participant(folder), 7)
    say("one participant's report with connection", wall * 1000, MAX_ONE_MS, "ms", f"({cpu * 1000:.0f} ms of CPU)")
    say("peak memory", peak_gib(), MAX_GIB, "GiB")
    return cpu


def measure_rebuild(folder: Path, sessions: int) -> None:
    """Build the index anew from so many session folders of the sample cohort (simulated)."""
    cohort.build_cohort_study(SAMPLE, folder, participants=("S12",) if sessions < SESSIONS else None)
    there = sum(1 for _ in (folder / "sessions").iterdir())
    cpu, wall = cost(lambda: rebuild(folder))
    say(
        f"rebuild of {there} folders, a thousand of them",
        wall * SESSIONS / there,
        MAX_REBUILD_S,
        "s",
        f"({cpu:.1f} s of CPU)",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--participants", type=int, default=PARTICIPANTS)
    parser.add_argument("--folder", type=Path, help="keep the studies here")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} participants: does it run, are facts right")
    asked = parser.parse_args()
    large = QUICK if asked.quick else asked.participants
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        small = measure(folder / f"of_{min(SMALL, large)}", min(SMALL, large))
        if large > SMALL:
            growth = measure(folder / f"of_{large}", large) / small
            say(f"one participant's report, {SMALL} to {large}", growth, MAX_GROWTH, "times")
        measure_rebuild(Path(temporary) / "cohort", 0 if asked.quick else SESSIONS)


if __name__ == "__main__":
    main()
