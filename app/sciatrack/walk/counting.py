"""Reps of the online analysis put into the set they belong to, revised and withdrawn where the analysis does so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sciatrack.walk import state as s
from sciatrack.walk.state import Cue, Run, Seen, Walk
from sciatrack.walk.timing import end_run, go_to

MOMENTS = ("start_s", "hold_start_s", "hold_end_s", "end_s", "hold_s")
OVER = ("done", "revised")


def take_rep(walk: Walk, data: Any) -> tuple[Walk, tuple[Cue, ...]]:
    """One message about a rep. Reps of another sensor, of a pause and of getting into place are left out."""
    where = _run_of(walk, data)
    if where is None:
        return walk, ()
    run = walk.runs[where]
    changed = _put(run, data)
    walk = replace(
        walk,
        runs=(*walk.runs[:where], changed, *walk.runs[where + 1 :]),
        activity_s=walk.now_s if where == len(walk.runs) - 1 else walk.activity_s,
    )
    cues = _cues(walk.now_s, run, changed, data["what"])
    if walk.phase == s.ACTIVE and walk.run is changed and _dose_done(walk, changed):
        walk, more = go_to(end_run(walk, s.DONE), walk.at + 1)
        cues += (Cue(walk.now_s, "set_over"), *more)
    return walk, cues


def _run_of(walk: Walk, data: Any) -> int | None:
    """The set that a rep belongs to: the one that knows it, or the one that was going on when it began."""
    for index in range(len(walk.runs) - 1, -1, -1):
        run = walk.runs[index]
        if walk.steps[run.step].placement != data["placement"]:
            continue
        if any(rep.id == data["id"] for rep in run.reps):
            return index
        start_s = data.get("start_s")
        begun = start_s is not None and start_s >= run.counts_from_s
        if begun and (run.end_s is None or start_s < run.end_s) and not _waiting(walk, run):
            return index
    return None


def _waiting(walk: Walk, run: Run) -> bool:
    """The set is paused or counted in anew: nothing that begins now is a rep of it."""
    return run.end_s is None and walk.phase != s.ACTIVE


def _put(run: Run, data: Any) -> Run:
    others = tuple(rep for rep in run.reps if rep.id != data["id"])
    if data["what"] == "withdrawn":
        return replace(run, reps=others)
    old = next((rep for rep in run.reps if rep.id == data["id"]), None)
    known = {name: data[name] for name in (*MOMENTS, "side", "complete") if data.get(name) is not None}
    rep = replace(old, **known) if old else Seen(data["id"], **known)
    if data["what"] == "hold_started":  # a dip came back: what was told as the hold's end was none
        rep = replace(rep, hold_end_s=None)
    if "flags" in data:
        rep = replace(rep, inferred="inferred" in data["flags"], flags=tuple(data["flags"]))
        rep = replace(rep, beyond=tuple(data.get("beyond", ())))
    if data["what"] in OVER:
        rep = replace(rep, open=False)
    return replace(run, reps=tuple(sorted((*others, rep), key=lambda r: (r.start_s, r.id))))


def _cues(now_s: float, before: Run, after: Run, what: str) -> tuple[Cue, ...]:
    if what == "hold_started":
        return (Cue(now_s, "hold"),)
    if after.count > before.count:
        return (Cue(now_s, "count", after.count),)
    if after.count < before.count:
        return (Cue(now_s, "count_revised", after.count),)
    return ()


def _dose_done(walk: Walk, run: Run) -> bool:
    return run.count >= walk.steps[run.step].target and not any(rep.open for rep in run.reps)
