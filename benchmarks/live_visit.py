"""A simulated visit that keeps to a session plan: what hip and thigh sensors measure, what is said, the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sciatrack.walk import Step, steps_of
from sciatrack_analytics.session_plan import Plan, PlanItem
from sciatrack_ingest.recording import Float
from sciatrack_ingest.virtual.sensor import Motion
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.simulate import simulate_set

RATE_HZ = 100.0
PLACEMENTS = ("hip", "right_thigh")
ANSWERED_S = 4.0
ANSWERS = {"leg_nrs": 3, "back_nrs": 2, "distal_site": "calf", "red_flags": ["none"], "other_symptoms": ["none"]}
# A person who is told "set done" so long after the last rep goes on, whatever was counted; then the walk takes
# 25 s until the next exercise counts, and the first move comes some seconds (of the simulation) after that.
BY_WORD_S, NEXT_S = 5.0, 29.0
# So long after the last rep the person lies still, then gets into place for the next exercise as it is explained.
STILL_S, TURN_S = 3.0, 4.0
STAYED_S = 20.0  # after the last rep: the questions at the end


@dataclass(frozen=True)
class TrueMove:
    """One rep as it was, in seconds of the sensor that counts it; `set` counts the steps of the plan."""

    set: int
    exercise: str
    placement: str
    hold_start_s: float
    hold_end_s: float
    end_s: float


@dataclass(frozen=True)
class Visit:
    """The steps, the reps that the counting sensor sees itself, what each sensor measures, what is said when."""

    plan: Plan
    steps: tuple[Step, ...]
    moves: tuple[TrueMove, ...]
    motions: Mapping[str, Motion]
    said: tuple[tuple[float, Mapping[str, Any]], ...]
    duration_s: float


def make_visit(exercises: Sequence[str], *, reps: int, hold_s: float, seed: int) -> Visit:
    """A session of one set of each exercise: legs in turn where the catalogue says so, else the right one."""
    known = catalogue()
    items = [
        PlanItem(one, {"each": "right", "painful": "right", "alternating": "each"}.get(known[one].sides, "both"), 1,
                 reps, hold_s)
        for one in exercises
    ]  # fmt: skip
    plan = Plan("simulated", tuple(items), "P01")
    steps = steps_of(plan, PLACEMENTS, known)
    tracks: dict[str, list[tuple[float, Float, Float]]] = {one: [] for one in PLACEMENTS}
    said: list[tuple[float, Mapping[str, Any]]] = [
        (ANSWERED_S, {"act": "answers", "phase": "before", "answers": ANSWERS})
    ]
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
        last_s = max(rep.end_s for rep in made.reps) - float(record.time_s[0])
        rows = slice(round((last_s + STILL_S) * RATE_HZ))
        tracks[step.placement].append((at_s, acc[rows], gyr[rows]))
        seen = [rep for rep in made.reps if rep.complete and not rep.indirect]
        assert len(seen) == step.target, (step, len(seen))
        shift_s = at_s - float(record.time_s[0])
        moves += [
            TrueMove(
                number, step.exercise, step.placement,
                rep.hold_start_s + shift_s, rep.hold_end_s + shift_s, rep.end_s + shift_s,
            )
            for rep in seen
        ]  # fmt: skip
        last_s += at_s
        said.append((last_s + BY_WORD_S, {"act": "key", "key": "done", "at": number}))
        at_s = last_s + NEXT_S
    motions = {placement: _joined(tracks[placement], at_s) for placement in PLACEMENTS}
    said.append((last_s + STAYED_S, {"act": "answers", "phase": "after", "answers": ANSWERS}))
    return Visit(plan, steps, tuple(moves), motions, tuple(said), last_s + STAYED_S)


def _joined(parts: list[tuple[float, Float, Float]], until_s: float) -> Motion:
    """The parts at their times, between them a turn to the pose that comes next, and that pose."""
    n = int(until_s * RATE_HZ)
    time_s = np.arange(n) / RATE_HZ
    rng = np.random.default_rng(5)
    acc, gyr = np.tile([0.0, 0.0, 9.81], (n, 1)), np.zeros((n, 3))
    if parts:
        ends = [(begin_s, begin_s + len(a) / RATE_HZ, a, g) for begin_s, a, g in parts]
        moments, poses = [0.0], [ends[0][2][0]]
        for begin_s, end_s, a, _ in ends:
            moments += [moments[-1] + TURN_S, begin_s, end_s]
            poses += [a[0], a[0], a[-1]]
        acc = np.column_stack([np.interp(time_s, moments, np.array(poses)[:, axis]) for axis in range(3)])
        for begin_s, _, a, g in ends:
            first = round(begin_s * RATE_HZ)
            acc[first : first + len(a)], gyr[first : first + len(a)] = a[: n - first], g[: n - first]
    return Motion(RATE_HZ, acc + rng.normal(0, 0.01, (n, 3)), gyr + rng.normal(0, 0.001, (n, 3)))
