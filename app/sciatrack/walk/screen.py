"""What a page or a terminal shows of a walk: plain values and keys of texts.toml, no words."""

from __future__ import annotations

from typing import Any

from sciatrack.walk import state as s
from sciatrack.walk.machine import keys_of
from sciatrack.walk.state import Run, Step, Walk
from sciatrack.walk.timing import countdown
from sciatrack_analytics.safety_rules import rule_set

QUESTIONS = {s.CHECK_IN: "before", s.PAIN_CHECK: "button", s.STOPPED: "after", s.CHECK_OUT: "after"}


def screen(walk: Walk) -> dict[str, Any]:
    """Everything to show now, ready for JSON.

    phase      : one of sciatrack.walk.state.PHASES; since_s, now_s on the session's clock
    step, next : exercise, side, set, sets, reps, hold_s, target, sees; null where there is none
    count      : reps of this set so far (a person's correction in place of ours), of `step.target`
    countdown  : kind, end_s, left_s (never below 0; a page runs it on by itself); null where nothing runs
    hold       : state ("" | "moving" | "holding"), since_s
    lost       : placements whose sensor is lost
    questions  : which check-in is asked for now (before | button | after), or ""
    decisions  : what the rules said, the strictest first, whenever it was said; of the same rule the latest first.
                 A question that was answered later is no longer asked.
    unsafe     : exercising is over for this session
    keys       : keys that do something now
    runs       : every set so far with its count, and how it ended
    """
    step = walk.current
    return {
        "phase": walk.phase,
        "now_s": walk.now_s,
        "since_s": walk.since_s,
        "session": dict(walk.session),
        "step": _step(step),
        "next": _step(walk.steps[walk.at + 1] if walk.at + 1 < len(walk.steps) else None),
        "at": walk.at,
        "steps": len(walk.steps),
        "count": _count(walk.run),
        "countdown": _countdown(walk),
        "hold": _hold(walk.run),
        "lost": sorted(walk.lost),
        "questions": QUESTIONS.get(walk.phase, ""),
        "decisions": _spoken(walk),
        "prompts": [dict(item) for item in walk.prompts],
        "unsafe": walk.unsafe,
        "keys": keys_of(walk),
        "runs": [_run(walk, number, run) for number, run in enumerate(walk.runs)],
    }


def _spoken(walk: Walk) -> list[dict[str, Any]]:
    """A page with room for one message shows the first: nothing milder that was said later may take its place."""
    last = walk.check_ins[-1] if walk.check_ins else None
    said = [
        dict(one) for one in reversed(walk.decisions) if one.get("rule") != "unanswered" or one["answers"] == last
    ]
    return sorted(said, key=_order)


def _order(decision: dict[str, Any]) -> int:
    """A rule that this software does not know comes first: it stops."""
    rule = rule_set().rules.get(str(decision.get("rule")))
    return rule.order if rule else 0


def _step(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {name: getattr(step, name) for name in Step.__dataclass_fields__}


def _count(run: Run | None) -> int:
    if run is None:
        return 0
    return run.count if run.corrected is None else run.corrected


def _countdown(walk: Walk) -> dict[str, Any] | None:
    clock = countdown(walk)
    if clock is None:
        return None
    return {"kind": clock.kind, "end_s": clock.end_s, "left_s": max(0.0, clock.end_s - walk.now_s)}


def _hold(run: Run | None) -> dict[str, Any]:
    going = [rep for rep in run.reps if rep.open] if run else []
    if not going:
        return {"state": "", "since_s": None}
    rep = going[-1]
    if rep.hold_start_s is None or rep.hold_end_s is not None:
        return {"state": "moving", "since_s": rep.start_s}
    return {"state": "holding", "since_s": rep.hold_start_s}


def _run(walk: Walk, number: int, run: Run) -> dict[str, Any]:
    step = walk.steps[run.step]
    return {
        "run": number, "exercise": step.exercise, "side": step.side, "set": step.set, "sees": step.sees,
        "count": run.count, "corrected": run.corrected, "target": step.target, "ended": run.ended,
        "holds_s": [rep.hold_s for rep in run.reps if rep.complete and not rep.inferred],
    }  # fmt: skip
