"""Sets with one fault put in, and the same sets without it: how often the flag comes, and how often it comes
wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from accuracy.rows import Row
from accuracy.sets import FIRST_SEED
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Rep
from sciatrack_signal.simulate import Simulated, TrueRep
from sciatrack_signal.simulate.case_tools import (
    LONG_HOLDS,
    OPTIONS,
    SHORT_HOLDS,
    Change,
    changed_set,
    each,
    plain_set,
)
from sciatrack_signal.simulate.draws import Generator, band_noise, draw_direction
from sciatrack_signal.simulate.expect import match
from sciatrack_signal.simulate.reps import RepPlan
from sciatrack_signal.simulate.rotations import unit
from sciatrack_signal.simulate.script import Move, Overlay, Script

FAULT_SEED = 6_000_000
QUIET = replace(OPTIONS, others=0.0)
SEVERITIES = ("healthy_like", "mild", "moderate", "severe")
ANY = SHORT_HOLDS + LONG_HOLDS
ODD_REP = 2  # the one that is done otherwise than its fellows


@dataclass(frozen=True)
class Fault:
    """A flag, where it is looked for, what puts it in, and which reps then have it (None: all), or a rep that
    comes up to `late` later: a step on the way into a rep is seen from the next rest on."""

    flag: str
    what: str
    places: tuple[tuple[str, str], ...]
    make: Callable[[int, str, str, str, bool], Simulated]
    reps: tuple[int, ...] | None = None
    late: int = 0


def _by_plan(change: Change, without: Change | None = None) -> Callable[[int, str, str, str, bool], Simulated]:
    def make(seed: int, exercise: str, placement: str, severity: str, present: bool) -> Simulated:
        chosen = change if present else without
        return changed_set(seed, exercise, placement, chosen, severity=severity, options=QUIET)

    return make


def _in_holds(angle_deg: Callable[[Generator, int, float], np.ndarray], *, small: bool) -> Any:
    """Motion in every hold, about mostly the axis of the move; (n,) degrees from the script's draws and rate."""

    def make(seed: int, exercise: str, placement: str, severity: str, present: bool) -> Simulated:
        plain = plain_set(seed, exercise, placement, severity=severity, options=QUIET)
        if not present:
            return plain

        def between(script: Script, number: int) -> None:
            if number:
                return
            for rep in plain.reps:
                n = int((rep.hold_end_s - rep.hold_start_s) * script.rate_hz)
                ramp = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.3 * script.rate_hz), 0.0, 1.0)
                axis = np.array([0.2, 1.0, 0.2]) if exercise != "clamshell" else np.array([0.7, 0.2, 0.7])
                turn = (ramp * angle_deg(script.rng, n, script.rate_hz))[:, None] * axis
                script.overlays.append(Overlay(rep.hold_start_s, rot_deg=turn, small=small))

        return changed_set(seed, exercise, placement, between=between, severity=severity, options=QUIET)

    return make


def _slips(seed: int, exercise: str, placement: str, severity: str, present: bool) -> Simulated:
    def between(script: Script, number: int) -> None:
        # About the vertical a step shows nothing: the belt turns about something level here.
        axis = unit(np.cross(script.up, draw_direction(script.rng)))
        if number == ODD_REP - 1 and present:
            script.slips.append(Move(script.now_s, script.now_s + 0.4, 18.0 * axis))
            script.wait(1.5)

    steady = replace(QUIET, slips=False)
    return changed_set(seed, exercise, placement, between=between, severity=severity, options=steady)


def _beside(turn_deg: tuple[float, float, float]) -> Change:
    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        return [replace(plan, off_axis_deg=np.array(turn_deg)) for plan in plans]

    return change


def _larger(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
    return [replace(p, range_deg=p.range_deg * (1.5 if k == ODD_REP else 1.0)) for k, p in enumerate(plans)]


def _quicker(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
    return [replace(p, out_s=p.out_s * (0.25 if k == ODD_REP else 1.0)) for k, p in enumerate(plans)]


BRIDGE, CLAM, DOG = ("glute_bridge", "hip"), ("clamshell", "hip"), ("bird_dog", "hip")
BOUNCE = _in_holds(lambda rng, n, hz: 4.5 * np.sin(2 * np.pi * 1.2 * np.arange(n) / hz), small=False)
SHAKE = _in_holds(lambda rng, n, hz: 2.5 * band_noise(rng, n, hz, (4.5, 6.5)), small=True)
FAULTS = (
    Fault("large_range", "one rep half as far again", SHORT_HOLDS, _by_plan(_larger), (ODD_REP,)),
    Fault("fast_entry", "one rep entered four times as fast", SHORT_HOLDS, _by_plan(_quicker), (ODD_REP,)),
    Fault("bouncing", "9 degrees to and fro at 1.2 Hz in every hold", ANY, BOUNCE),
    Fault("shaky", "a tremor of 2.5 degrees at 5 Hz in every hold", ANY, SHAKE),
    Fault("slipped", "the belt steps by 18 degrees", ANY, _slips, (ODD_REP,), late=1),
    Fault("uneven", "one side stays 11 degrees lower", (BRIDGE,), _by_plan(_beside((0, 0, 11.0)), _beside((0, 0,
    0)))), Fault("pelvis_roll", "the pelvis rolls by 18 degrees", (CLAM,), _by_plan(each(range_deg=18.0),
    each(range_deg=5.0))), Fault(
        "pelvis_roll", "the pelvis rolls by 16 degrees", (DOG,),
        _by_plan(each(axis=np.array([0.0, 0.2, 1.0]), range_deg=16.0), each(axis=np.array([0.0, 0.6, 0.8]),
        range_deg=6.0)),
    ),
    Fault(
        "pelvis_pitch", "the pelvis tips by 16 degrees", (DOG,),
        _by_plan(each(axis=np.array([0.0, 1.0, 0.2]), range_deg=16.0), each(axis=np.array([0.0, 0.6, 0.8]),
        range_deg=6.0)),
    ),
    Fault(
        "small_range", "not on the heels, the knee not drawn up",
        (("childs_pose", "right_thigh"), ("knee_to_chest", "right_thigh")),
        _by_plan(each(range_deg=30.0), each(range_deg=95.0)),
    ),
    Fault(
        "large_range", "the hips lift in a pelvic tilt", (("pelvic_tilt", "hip"),),
        _by_plan(each(range_deg=22.0), each(range_deg=8.0)),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class FaultJob:
    number: int
    seed: int
    present: bool


def fault_jobs(seeds: str, each_fault: int) -> Iterator[FaultJob]:
    """Every fault so many times with and without."""
    for number in range(len(FAULTS)):
        for k in range(each_fault):
            for present in (True, False):
                yield FaultJob(number, FIRST_SEED[seeds] + FAULT_SEED + 1000 * number + k, present)


def run_fault(job: FaultJob) -> list[Row]:
    """Simulates and analyses one set; its rows as `flag_rows` has them."""
    made = simulate_fault(job)
    return flag_rows(job, made.reps, [rep for block in analyze(made.recording).blocks for rep in block.reps])


def simulate_fault(job: FaultJob) -> Simulated:
    return FAULTS[job.number].make(job.seed, *_set_of(job), job.present)


def _set_of(job: FaultJob) -> tuple[str, str, str]:
    """Exercise, placement and severity."""
    places = FAULTS[job.number].places
    return *places[job.seed % len(places)], SEVERITIES[job.seed // len(places) % len(SEVERITIES)]


def flag_rows(job: FaultJob, true: Sequence[TrueRep], reps: Sequence[Rep]) -> list[Row]:
    """One row for each matched rep: whether it has the fault, and whether it carries the flag."""
    fault = FAULTS[job.number]
    exercise, placement, severity = _set_of(job)
    about = {"flag": fault.flag, "what": fault.what, "exercise": exercise, "placement": placement, "seed": job.seed}
    about |= {"severity": severity, "present": job.present}
    matched = dict(match(true, reps))
    rows = []
    for i in matched:
        has = job.present and (fault.reps is None or i in fault.reps)
        if job.present and fault.reps and any(n < i <= n + fault.late for n in fault.reps):
            continue  # may carry the flag of the one before it
        looked = [reps[matched[n]] for n in range(i, i + 1 + (fault.late if has else 0)) if n in matched]
        flagged = any(fault.flag in rep.flags for rep in looked)
        rows.append(about | {"rep": i, "has": has, "flagged": flagged, "flags": " ".join(reps[matched[i]].flags)})
    return rows
