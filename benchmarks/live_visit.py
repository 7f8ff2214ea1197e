"""A simulated visit that keeps to a session plan: raw logs of a hip and a thigh sensor, answers, and the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from packet_streams import received
from sciatrack.walk import Event, Step, begin_event, event_to_json, steps_of
from sciatrack_analytics.live_log import LiveLog
from sciatrack_analytics.session_plan import Plan, PlanItem
from sciatrack_ingest.rawlog import CONNECT, DISCONNECT, RawHeader, RawLogWriter
from sciatrack_ingest.recording import Float
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.simulate import simulate_set

ZERO_NS, RATE_HZ = 100_000_000_000, 100.0
PLACEMENTS = ("hip", "right_thigh")
BEGUN_UTC = "2026-11-25T18:00:00Z"
ANSWERED_S = 4.0
ANSWERS = {"leg_nrs": 3, "back_nrs": 2, "distal_site": "calf", "red_flags": "none", "other_symptoms": "none"}
# A person who is told "set done" so long after the last rep goes on, whatever was counted; then the walk takes
# 25 s until the next exercise counts, and the first move comes some seconds (of the simulation) after that.
BY_WORD_S, NEXT_S = 5.0, 29.0
TURN_S = 2.0  # from one pose to the next


@dataclass(frozen=True)
class TrueMove:
    """One rep as it was, on the session's clock; `set` counts the steps of the plan."""

    set: int
    exercise: str
    hold_start_s: float
    hold_end_s: float
    end_s: float


@dataclass(frozen=True)
class Visit:
    """What was written: its folder, the steps, and all reps that the counting sensor sees itself."""

    folder: Path
    steps: tuple[Step, ...]
    moves: tuple[TrueMove, ...]
    duration_s: float


def write_visit(parent: Path, exercises: Sequence[str], *, reps: int, hold_s: float, seed: int) -> Visit:
    """Write a session of one set of each exercise: legs in turn where the catalogue says so, else the right one."""
    known = catalogue()
    items = [
        PlanItem(one, {"each": "right", "painful": "right", "alternating": "each"}.get(known[one].sides, "both"), 1,
                 reps, hold_s)
        for one in exercises
    ]  # fmt: skip
    plan = Plan("simulated", tuple(items), "P01")
    steps = steps_of(plan, PLACEMENTS, known)
    folder = parent / "P01-20261125T180000Z-11111111"
    tracks: dict[str, list[tuple[float, Float, Float]]] = {one: [] for one in PLACEMENTS}
    said: list[Event] = []
    moves: list[TrueMove] = []
    at_s = ANSWERED_S + NEXT_S - BY_WORD_S
    for number, step in enumerate(steps):
        made = simulate_set(
            step.exercise, step.placement, seed=seed + number, side="right", reps=reps, hold_s=hold_s,
            rate_hz=RATE_HZ, clean=True, mount="nominal",
        )  # fmt: skip
        record = made.recording
        assert record.gyr is not None
        acc, gyr = (np.nan_to_num(part) for part in (record.acc, record.gyr))
        tracks[step.placement].append((at_s, acc, gyr))
        seen = [rep for rep in made.reps if rep.complete and not rep.indirect]
        assert len(seen) == step.target, (step, len(seen))
        shift_s = at_s - float(record.time_s[0])
        moves += [
            TrueMove(
                number, step.exercise, rep.hold_start_s + shift_s, rep.hold_end_s + shift_s, rep.end_s + shift_s
            )
            for rep in seen
        ]
        last_s = max(rep.end_s for rep in made.reps) + shift_s
        said.append(Event(last_s + BY_WORD_S, "key", {"key": "done"}))
        at_s = max(last_s + NEXT_S, at_s + record.duration_s + TURN_S)
    _write(folder, plan, steps, tracks, said, at_s)
    return Visit(folder, steps, tuple(moves), at_s)


def _write(
    folder: Path,
    plan: Plan,
    steps: tuple[Step, ...],
    tracks: dict[str, list[tuple[float, Float, Float]]],
    said: list[Event],
    until_s: float,
) -> None:
    folder.mkdir(parents=True)
    for placement in PLACEMENTS:
        header = RawHeader("generic", placement, "P01", folder.name, BEGUN_UTC, ZERO_NS, origin="simulated")
        log = RawLogWriter(folder / f"raw-{placement}.mcap", header)
        log.event(CONNECT, monotonic_ns=ZERO_NS, wall_ns=0)
        for packet in received("generic", *_joined(tracks[placement], until_s), arrival_s=ZERO_NS * 1e-9):
            log.append(packet)
        log.event(DISCONNECT, monotonic_ns=ZERO_NS + round((until_s + 1.0) * 1e9), wall_ns=0)
        log.close()
    session = {"session_id": folder.name, "participant": "P01", "start_utc": BEGUN_UTC, "timezone": "UTC"}
    answers = {"phase": "before", "at_utc": BEGUN_UTC, "timezone": "UTC", **ANSWERS}
    begun = begin_event(0.0, session | {"origin": "simulated"}, plan.to_dict(), steps)
    with LiveLog(folder) as lines:
        for event in (begun, Event(ANSWERED_S, "answers", {"answers": answers, "decisions": []}), *said):
            lines.append(event_to_json(event))


def _joined(parts: list[tuple[float, Float, Float]], until_s: float) -> tuple[Float, Float]:
    """(n, 3) twice: the parts at their times, between them the pose before, then a turn to the one after."""
    n = int(until_s * RATE_HZ)
    time_s = np.arange(n) / RATE_HZ
    rng = np.random.default_rng(5)
    acc, gyr = np.tile([0.0, 0.0, 9.81], (n, 1)), np.zeros((n, 3))
    if parts:
        ends = [(begin_s, begin_s + len(a) / RATE_HZ, a, g) for begin_s, a, g in parts]
        moments, poses = [0.0], [ends[0][2][0]]
        for begin_s, end_s, a, _ in ends:
            moments += [begin_s - TURN_S, begin_s, end_s]
            poses += [poses[-1], a[0], a[-1]]
        acc = np.column_stack([np.interp(time_s, moments, np.array(poses)[:, axis]) for axis in range(3)])
        for begin_s, _, a, g in ends:
            first = round(begin_s * RATE_HZ)
            acc[first : first + len(a)], gyr[first : first + len(a)] = a[: n - first], g[: n - first]
    return acc + rng.normal(0, 0.01, (n, 3)), gyr + rng.normal(0, 0.001, (n, 3))
