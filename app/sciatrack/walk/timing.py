"""What time alone does to a walk: countdowns, rests that end, sets that end because nothing moves any more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sciatrack.walk import state as s
from sciatrack.walk.state import Cue, Run, Step, Walk

INSTRUCT_S = 20.0  # to hear what comes and lie down; less hurries people, the key `start` is there for the quick
CHANGE_S = 12.0  # to turn over or change the leg, the exercise being known
LEAD_IN_S = 5.0  # "3, 2, 1" with time to breathe in before
LONG_REST_S = 60.0  # a set is reps with less than this between them (contract)
FIRST_REP_S = 120.0  # nobody gets into place this slowly; shorter ends sets of people who need their time
STUCK_S = 300.0  # a rep that never ends: its end was not seen; longer than any hold that is prescribed
# Out and back beside the hold, for a step that no sensor can see: the slowest usual moves take 2.5 s each way.
MOVES_S = 8.0
COUNTED_DOWN = (3, 2, 1)
REST_COUNTED_DOWN = (10, 3, 2, 1)


@dataclass(frozen=True)
class Countdown:
    """A clock that runs towards `end_s`; at so many seconds before it a cue is heard, 0 being its end."""

    kind: str
    end_s: float
    heard: tuple[int, ...]


def countdown(walk: Walk) -> Countdown | None:
    """The clock that is shown now, or None where nothing is counted down."""
    step = walk.current
    if step is None:
        return None
    if walk.phase == s.INSTRUCT:
        return Countdown("instruct", walk.since_s + instruct_s(walk), ())
    if walk.phase == s.LEAD_IN:
        return Countdown("lead_in", walk.since_s + LEAD_IN_S, COUNTED_DOWN)
    if walk.phase == s.REST:
        return Countdown("rest", walk.since_s + rest_before(walk), REST_COUNTED_DOWN)
    if walk.phase == s.ACTIVE:
        return _guided(walk, step) if step.sees == "none" else _hold(walk, step)
    return None


def deadline_s(walk: Walk) -> float | None:
    """When time alone will change the phase; None where it will not."""
    step = walk.current
    if step is None:
        return None
    clock = countdown(walk)
    if walk.phase in (s.INSTRUCT, s.LEAD_IN, s.REST):
        return clock.end_s if clock else None
    run = walk.run
    if walk.phase != s.ACTIVE or run is None:
        return None
    if step.sees == "none":
        return clock.end_s if clock else None
    if step.placement in walk.lost:
        return None  # nothing is seen, so nothing is concluded
    if any(rep.open for rep in run.reps):
        return walk.activity_s + STUCK_S
    return walk.activity_s + (LONG_REST_S if run.reps else FIRST_REP_S)


def next_change_s(walk: Walk) -> float | None:
    """The next moment at which time alone gives a cue or another phase; None: only an event will."""
    clock, end_s = countdown(walk), deadline_s(walk)
    moments = [] if end_s is None else [end_s]
    if clock is not None:
        moments += [clock.end_s - k for k in clock.heard if clock.end_s - k > walk.now_s]
    return min(moments, default=None)


def advance(walk: Walk, at_s: float) -> tuple[Walk, tuple[Cue, ...]]:
    """The walk at a later moment, and what was to be heard until then; an earlier moment changes nothing."""
    cues: list[Cue] = []
    while (end_s := deadline_s(walk)) is not None and end_s <= at_s:
        walk, heard = _pass(walk, max(end_s, walk.now_s))
        walk, more = _over(walk)
        cues += [*heard, *more]
    walk, heard = _pass(walk, max(at_s, walk.now_s))
    return walk, (*cues, *heard)


def instruct_s(walk: Walk) -> float:
    """Time for instructions: less where only the side changes."""
    known = any(walk.steps[i].exercise == walk.steps[walk.at].exercise for i in range(walk.at))
    return CHANGE_S if known else INSTRUCT_S


def rest_before(walk: Walk) -> float:
    """The rest before the current step, which is that of the step before it."""
    return walk.steps[walk.at - 1].rest_s if walk.at else 0.0


def same_set_up(walk: Walk, index: int) -> bool:
    """True if this step needs no new position after the one before it."""
    a, b = walk.steps[index - 1], walk.steps[index]
    return (a.exercise, a.side) == (b.exercise, b.side)


def enter(walk: Walk, phase: str) -> Walk:
    """The walk in another phase, which begins now."""
    return replace(walk, phase=phase, since_s=walk.now_s)


def go_to(walk: Walk, index: int) -> tuple[Walk, tuple[Cue, ...]]:
    """On to a step, or to the questions at the end where there is none left."""
    walk = replace(walk, at=index, resume=None)
    if index >= len(walk.steps):
        return enter(walk, s.CHECK_OUT), (Cue(walk.now_s, "session_done"),)
    if index > 0 and same_set_up(walk, index) and rest_before(walk) > 0:
        return enter(walk, s.REST), (Cue(walk.now_s, "rest", round(rest_before(walk))),)
    if index > 0 and same_set_up(walk, index):
        return enter(walk, s.LEAD_IN), (Cue(walk.now_s, "next_set"),)
    changed = index > 0 and walk.steps[index - 1].exercise == walk.steps[index].exercise
    return enter(walk, s.INSTRUCT), (Cue(walk.now_s, "change_side" if changed else "exercise"),)


def begin_run(walk: Walk) -> tuple[Walk, tuple[Cue, ...]]:
    """The set begins, or goes on after a pause: what was moved until now does not count."""
    run, now_s = walk.run, walk.now_s
    if run is None:
        runs = (*walk.runs, Run(walk.at, now_s, now_s))
    else:
        runs = (*walk.runs[:-1], replace(run, counts_from_s=now_s))
    walk = replace(enter(walk, s.ACTIVE), runs=runs, activity_s=now_s)
    return walk, (Cue(now_s, "go"),)


def end_run(walk: Walk, how: str) -> Walk:
    """The set is over; reps that go on are left as they are. Without a set nothing changes."""
    run = walk.run
    if run is None:
        return walk
    return replace(walk, runs=(*walk.runs[:-1], replace(run, end_s=walk.now_s, ended=how)))


def _hold(walk: Walk, step: Step) -> Countdown | None:
    """The hold that goes on, counted from the arrival that the analysis dates back to."""
    run = walk.run
    held = [rep for rep in run.reps if rep.open and rep.hold_start_s is not None] if run else []
    if not held or held[-1].hold_end_s is not None or step.hold_s <= 0:
        return None
    return Countdown("hold", (held[-1].hold_start_s or 0.0) + step.hold_s, (*COUNTED_DOWN, 0))


def _guided(walk: Walk, step: Step) -> Countdown:
    """Time for a set that no sensor here can see."""
    return Countdown("guided", walk.activity_s + step.target * (step.hold_s + MOVES_S), ())


def _pass(walk: Walk, to_s: float) -> tuple[Walk, list[Cue]]:
    """Let time pass without a change of phase."""
    clock = countdown(walk)
    heard: list[Cue] = []
    if clock is not None:
        moments = [(clock.end_s - k, k) for k in clock.heard]
        kind = clock.kind
        heard = [
            Cue(at_s, f"{kind}_over" if k == 0 else f"{kind}_left", k or None)
            for at_s, k in moments
            if walk.now_s < at_s <= to_s
        ]
    return replace(walk, now_s=to_s), heard


def _over(walk: Walk) -> tuple[Walk, tuple[Cue, ...]]:
    """The deadline has come."""
    if walk.phase in (s.INSTRUCT, s.REST):
        return enter(walk, s.LEAD_IN), (Cue(walk.now_s, "lead_in"),)
    if walk.phase == s.LEAD_IN:
        return begin_run(walk)
    step = walk.current
    guided = step is not None and step.sees == "none"
    walk, cues = go_to(end_run(walk, s.GUIDED if guided else s.RESTED), walk.at + 1)
    return walk, (Cue(walk.now_s, "set_over"), *cues)
