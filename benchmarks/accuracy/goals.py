"""What is asked of sciatrack, in numbers, beside what was measured; the ones not reached come first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from accuracy import real_tables as real
from accuracy.other_tables import ASKED_CASES, MET_SHARE, visit_names_f1
from accuracy.others import AS_AUTO, DAILY
from accuracy.real import OURS
from accuracy.set_tables import ASKED_HOLDS, CONDITIONS_ASKED, conditions, count_tally, covered_by, held, one_a_set
from accuracy.tables import NOTHING, Table, k_of_n, number, percent
from sciatrack_signal.agreement import Tally, errors

Frames = dict[str, pd.DataFrame]
COVERED = (0.87, 0.93)
# Of 100 intervals that cover 90 % the share covered scatters by 3 %; of fewer it says nothing.
ENOUGH_HOLDS = 100
HOURS_OF_DAILY_LIFE = 24.0


@dataclass(frozen=True)
class Goal:
    """One figure that is asked: `met` is None where the run was too small to say."""

    on: str
    what: str
    measured: str
    asked: str
    met: bool | None


def goal_tables(frames: Frames) -> list[Table]:
    """One table for real people and one for simulation, each with what is missed first."""
    out = []
    for about, goals in ((real.ABOUT, list(_real(frames))), ("simulated", list(_simulated(frames)))):
        if not goals:
            continue
        order = sorted(goals, key=lambda g: {False: 0, None: 1, True: 2}[g.met])
        words = {False: "MISSED", None: NOTHING, True: "met"}
        rows = [(g.on, g.what, g.measured, g.asked, words[g.met]) for g in order]
        met = sum(g.met is True for g in goals)
        title = f"Asked and measured, {about}: {met} of {len(goals)} reached"
        out.append(Table(title, ("on", "what", "measured", "asked", ""), rows, about))
    return out


def _real(frames: Frames) -> Iterator[Goal]:
    if "real" not in frames:
        return
    rows = frames["real"]
    ours = rows[rows.method == OURS]
    three = ("glute_bridge", "clamshell", "bird_dog")
    yield _right(ours, real.SURE, three, 52, "MEx bridge, clamshell, bird-dog, sure counts")
    yield _right(ours, real.SURE, ("pelvic_tilt",), 7, "MEx pelvic tilt, sure counts")
    yield _right(ours, real.UNSURE, (*three, "pelvic_tilt"), 16, "MEx counts that may be off by one")
    below = ours[ours.table == real.LEG_BELOW]
    silent = int((below.false == 0).sum())
    yield Goal(
        real.LEG_BELOW,
        "silent recordings",
        k_of_n(silent, len(below)),
        f"{len(below) - 1}",
        silent >= len(below) - 1,
    )
    yield _right(ours, real.UCI, ("correct", "fast", "low amplitude"), 34, "UCI working thigh, blocks of ten")
    yield _false(ours[(ours.table == real.UCI) & (ours.row == "idle")], "UCI working thigh, idle stretches", 0)
    yield _right(ours, real.STANDING, ("squats, thigh",), 30, "squats, thigh")
    yield _right(ours, real.STANDING, ("squats, lower back",), 29, "squats, lower back")
    seats = ("sit-to-stand, thigh", "sit-to-stand, pelvis")
    yield _right(ours, real.STANDING, seats, 4, "sit-to-stand")
    quiet = ours[(ours.table == real.NOBODY) & (ours.row != real.APART)]
    yield _false(quiet, f"nobody exercising, {number(quiet.hours.sum(), 1)} h", 0)
    if "names" in frames:
        score = real.names_f1(frames["names"])
        yield Goal("MEx as auto, three classes and others", "macro-F1", number(score, 3), "0.90", score >= 0.9)


def _right(rows: pd.DataFrame, table: str, members: tuple[str, ...], least: int, on: str) -> Goal:
    part = rows[(rows.table == table) & rows.row.isin(members)]
    right = int(part.right.sum())
    return Goal(on, "counted right", k_of_n(right, len(part)), f"{least}", right >= least)


def _false(rows: pd.DataFrame, on: str, most: int) -> Goal:
    false = int(rows.false.sum())
    return Goal(on, "false reps", f"{false}", f"{most}", false <= most)


def _simulated(frames: Frames) -> Iterator[Goal]:
    if "sets" in frames:
        yield from _sets(frames["sets"])
    if "visits" in frames:
        yield from _visits(frames["visits"])
    if "cases" in frames:
        cases = frames["cases"][frames["cases"].part == "case"]
        share = cases.groupby("case_id").met.mean()
        met = int((share >= MET_SHARE).sum())
        yield Goal("adversarial cases", "met", k_of_n(met, len(share)), f"{ASKED_CASES} of 48", met >= ASKED_CASES)
    if "nobody" in frames:
        yield from _nobody(frames["nobody"])


def _sets(rows: pd.DataFrame) -> Iterator[Goal]:
    full = rows[rows.grade == "full"]
    if len(full):
        sets = one_a_set(full)
        right = float((sets["count"] == sets.count_true).mean())
        yield Goal("sets, full", "sets right", percent(right), "97 %", right >= 0.97)
        yield from _counted("sets, full", count_tally(full))
    for grade in ("counts", "weak"):
        part = rows[(rows.grade == grade) & rows.answered]
        if len(part):
            score = count_tally(part).f1
            yield Goal(f"sets, {grade}, where answered", "F1", number(score, 3), "0.90", score >= 0.9)
    nothing = one_a_set(rows[rows.grade == "none"])
    if len(nothing):
        silent = float((~nothing.answered.astype(bool)).mean())
        yield Goal("sets, none", "silent", percent(silent), "99 %", silent >= 0.99)
    for kind in ("short", "long"):
        part = held(full[full.hold_class == kind])
        if len(part):
            yield from _holds(part, kind)


def _counted(on: str, score: Tally) -> Iterator[Goal]:
    true = score.matched + score.missed
    yield Goal(on, "F1", number(score.f1, 4), "0.995", score.f1 >= 0.995)
    for what, k in (("missed", score.missed), ("false", score.false)):
        share = k / true if true else np.nan
        yield Goal(on, what, percent(share, 2), "0.5 %", share < 0.005)


def _holds(part: pd.DataFrame, kind: str) -> Iterator[Goal]:
    mae, bias, p95, width = ASKED_HOLDS[kind]
    on = f"{kind} holds, full"
    error, covered = errors(part.found_hold_s, part.true_hold_s), covered_by(part)
    yield Goal(on, "MAE s", number(error.mae, 3), f"{mae}", error.mae <= mae)
    yield Goal(on, "bias s", number(abs(error.bias), 3), f"{bias}", abs(error.bias) <= bias)
    yield Goal(on, "95th percentile s", number(error.p95_abs, 3), f"{p95}", error.p95_abs <= p95)
    yield Goal(on, "median width s", number(covered.median_width), f"{width}", covered.median_width <= width)
    yield _coverage(on, part)
    for name, some in conditions(part).items():
        if name in CONDITIONS_ASKED and len(some):
            yield _coverage(f"{on}, {name}", some)


def _coverage(on: str, part: pd.DataFrame) -> Goal:
    share = covered_by(part).share
    met = COVERED[0] <= share <= COVERED[1] if len(part) >= ENOUGH_HOLDS else None
    return Goal(f"{on} ({len(part)})", "covered", percent(share), "87-93 %", met)


def _visits(rows: pd.DataFrame) -> Iterator[Goal]:
    reps, blocks = rows[rows.part == "rep"], rows[rows.part == "block"]
    full = reps[reps.true_grade == "full"]
    # A rep found where none was belongs to no grade; it counts against the visits as a whole.
    nowhere = int(((reps.kind == "false") & reps.counted_found.astype(bool)).sum())
    sets = blocks[blocks.grade == "full"]
    if len(sets):
        right = float(sets.right.mean())
        yield Goal("visits as auto, full", "sets right", percent(right), "97 %", right >= 0.97)
        score = count_tally(full)
        yield from _counted("visits as auto, full", Tally(score.matched, score.false + nowhere, score.missed))
    names = visit_names_f1(blocks)
    yield Goal("visits as auto, names", "macro-F1", number(names, 3), "0.92", names >= 0.92)


def _nobody(rows: pd.DataFrame) -> Iterator[Goal]:
    ours = rows[(rows.method == OURS) & (rows.label == AS_AUTO)]
    short, daily = ours[ours.kind != DAILY], ours[ours.kind == DAILY]
    if len(short):
        silent = float((short.false == 0).mean())
        yield Goal("nobody exercising, short", "silent", percent(silent), "99 %", silent >= 0.99)
    if len(daily):
        hours, false = float(daily.hours.sum()), int(daily.false.sum())
        enough = hours >= HOURS_OF_DAILY_LIFE
        met = false <= 8 if enough else (False if false > 8 else None)
        yield Goal("daily living", f"false reps in {hours:.1f} h", f"{false}", "8 in 24 h", met)
