"""Whether the online analysis ends with the offline table, how soon it tells, and what a packet costs.

    python benchmarks/online.py [--quick] [--hours H]

Real people (../shared/data/real beside the checkout; left out with a word where it is absent): every
development recording goes through in one piece and its table must equal that of `analyze`, as those of
simulated sets and visits must. Simulated sets: packets of ten samples; delay from the true end of a rep to the
packet that tells it, and the hold timer against the true arrival. A packet's cost is CPU time of `push` over
the mixed recording of speed.py; what is kept is the saved state's size at the half and at the end. What this
does not show: radio, other processes, and live delays with real people.

--quick : every twentieth real recording, 4 simulated sets, an hour of packets.
"""

from __future__ import annotations

import argparse
import pickle
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from accuracy.people import available, cases, read_case
from accuracy.sets import set_jobs, simulate_job
from long_recordings import KINDS, make
from sciatrack_ingest import Recording
from sciatrack_signal.live_window import KEPT_S
from sciatrack_signal.online import OnlineAnalysis
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Analysis
from sciatrack_signal.simulate import simulate_visit
from speed import line

PACKET = 10
# A rep that is told belongs to the true rep whose end is this near (seconds).
SAME_REP_S = 2.0
# Into a true hold the timer is read with every packet from so long after the arrival on (seconds).
READ_AFTER_S = 0.3
# As the walk through a plan does it: the countdown is over so long before the first rep, which is at rest then.
COUNTED_DOWN_S = 2.0
# What is kept differs by a packet more or less, and by the reps told.
ASKED = {"unequal": 0.0, "median_us": 40.0, "p99_us": 200.0, "grown": 1.02}
ASKED_DELAY_S, ASKED_TIMER_S = {50: 0.5, 95: 1.2}, {50: 0.3, 95: 0.3}
NEAR_S = 0.3


@dataclass(frozen=True)
class Told:
    """Seconds from each true end to its telling, timer minus true time held at each look into a hold (NaN where no
    timer ran), of one recording."""

    delays_s: tuple[float, ...]
    timers_s: tuple[float, ...]
    true_reps: int


def started(recording: Recording) -> OnlineAnalysis:
    return OnlineAnalysis(exercise=recording.exercise, placement=recording.placement, side=recording.side)


def packets(recording: Recording, size: int = PACKET) -> Iterator[slice]:
    return (slice(first, first + size) for first in range(0, recording.n_samples, size))


def push(live: OnlineAnalysis, recording: Recording, rows: slice) -> list[float]:
    """One packet; the ends of the reps that it told."""
    gyr = None if recording.gyr is None else recording.gyr[rows]
    events = live.push(recording.time_s[rows], recording.acc[rows], gyr)
    return [event.time_s for event in events if event.kind == "rep_done"]


def equal(recording: Recording) -> tuple[bool, bool]:
    """Whether the table after the last sample is the offline one in every field but the recording's name; and
    whether as many reps were counted before that last look at everything."""
    live, whole = started(recording), analyze(recording)
    push(live, recording, slice(0, recording.n_samples))
    kept_all = recording.duration_s < KEPT_S
    return (
        table(live.finish(None if kept_all else recording)) == table(whole),
        live.now().count == sum(block.count for block in whole.blocks),
    )


def table(analysis: Analysis) -> str:
    return repr([replace(block, recording="").to_dict() for block in analysis.blocks])


def listen(recording: Recording, ends_s: np.ndarray, holds_s: np.ndarray, rest_s: float | None = None) -> Told:
    """Plays a recording; ends_s (k,) and holds_s (k, 2) are its truth; rest_s: when the person is told to start."""
    live = started(recording)
    told: list[tuple[float, float]] = []
    timers_s: list[float] = []
    for rows in packets(recording):
        now_s = float(recording.time_s[rows][-1])
        if rest_s is not None and now_s >= rest_s:
            live.at_rest()
            rest_s = None
        told += [(end_s, now_s) for end_s in push(live, recording, rows)]
        inside = (holds_s[:, 0] + READ_AFTER_S <= now_s) & (now_s < holds_s[:, 1])
        if inside.any():
            state, held_s = live.now(), now_s - float(holds_s[inside][0, 0])
            timers_s.append(state.hold_s - held_s if state.phase == "holding" else float("nan"))
    near = ([now_s - true_s for end_s, now_s in told if abs(end_s - true_s) < SAME_REP_S] for true_s in ends_s)
    return Told(tuple(delays[0] for delays in near if delays), tuple(timers_s), len(ends_s))


def costs(hours: float) -> tuple[np.ndarray, int, int]:
    """CPU microseconds of each packet of the mixed recording of speed.py; bytes of the state half way and then."""
    recording = replace(make(max(1, round(hours)), KINDS["mixed"]()), exercise="generic")
    live, spent_us, sizes = started(recording), [], []
    all_rows = list(packets(recording))[: round(hours * 3600 * 100 / PACKET)]
    for k, rows in enumerate(all_rows, start=1):
        before_ns = time.process_time_ns()
        push(live, recording, rows)
        spent_us.append((time.process_time_ns() - before_ns) / 1e3)
        if k in (len(all_rows) // 2, len(all_rows)):
            sizes.append(len(pickle.dumps(live)))
    return np.array(spent_us), sizes[0], sizes[-1]


def report_real(every: int) -> None:
    if not available():
        print("real people: the data are not here")
        return
    chosen = cases()[::every]
    answers = [(case.recording, *equal(read_case(case))) for case in chosen]
    unequal = [name for name, same, _ in answers if not same]
    for name in unequal:
        print(f"  differs: {name}", file=sys.stderr)
    line("tables that differ", f"of {len(answers)} of real people", len(unequal), ASKED["unequal"])
    print(f"  before the last look at everything, {sum(same for *_, same in answers)} had the offline count")


def report_told(sets: int) -> None:
    """Simulated sets of the cells graded `full`, spread over the cells."""
    jobs = list(set_jobs("development", 1, ("full",)))
    told, answers = [], []
    for job in jobs[:: max(1, len(jobs) // sets)][:sets]:
        made = simulate_job(job)
        reps = [rep for block in made.blocks for rep in block.reps if not rep.indirect]
        ends_s = np.array([rep.end_s for rep in reps])
        holds_s = np.array([(rep.hold_start_s, rep.hold_end_s) for rep in reps]).reshape(-1, 2)
        told.append(listen(made.recording, ends_s, holds_s, min(rep.start_s for rep in reps) - COUNTED_DOWN_S))
        answers.append(equal(made.recording))
    unequal = sum(not same for same, _ in answers)
    line("tables that differ", f"of {len(told)} simulated sets", unequal, ASKED["unequal"])
    print(f"  before the last look at everything, {sum(same for _, same in answers)} had the offline count")
    delays_s = np.array([delay for one in told for delay in one.delays_s])
    looks_s = np.abs([timer for one in told for timer in one.timers_s])
    timers_s = looks_s[np.isfinite(looks_s)]
    print(f"  {len(delays_s)} of {sum(one.true_reps for one in told)} true reps told")
    near, none = float((timers_s <= NEAR_S).mean()), 1.0 - len(timers_s) / len(looks_s)
    print(
        f"  {len(looks_s)} looks into holds: {none:.0%} with no timer, {near:.0%} of the others within {NEAR_S} s"
    )
    for name, values, asked in (
        ("rep told after s", delays_s, ASKED_DELAY_S),
        ("hold timer off by s", timers_s, ASKED_TIMER_S),
    ):
        for share in (50, 95) if len(values) else ():
            line(name, f"{share}th percentile", float(np.percentile(values, share)), asked[share])


def report_visits(visits: int) -> None:
    """Whole visits of several exercises, without a label."""
    made = [simulate_visit(None, ("hip", "right_thigh")[seed % 2], seed=seed) for seed in range(visits)]
    unequal = sum(not equal(visit.recording)[0] for visit in made)
    line("tables that differ", f"of {visits} simulated visits", unequal, ASKED["unequal"])


def report_costs(hours: float) -> None:
    spent_us, half, end = costs(hours)
    line("packet, CPU us", f"median of {len(spent_us)}", statistics.median(spent_us), ASKED["median_us"])
    line("packet, CPU us", "99th percentile", float(np.percentile(spent_us, 99)), ASKED["p99_us"])
    print(f"  mean {spent_us.mean():.1f} us, longest {spent_us.max() / 1e3:.0f} ms (an analysis at rest)")
    line("state kept, end / half", f"{end / 1e6:.1f} MB after {hours:g} h", end / half, ASKED["grown"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a part of everything")
    parser.add_argument("--hours", type=float, help="hours of packets (8; quick: 1)")
    args = parser.parse_args()
    report_real(20 if args.quick else 1)
    report_told(4 if args.quick else 40)
    report_visits(1 if args.quick else 10)
    report_costs(args.hours or (1.0 if args.quick else 8.0))


if __name__ == "__main__":
    main()
