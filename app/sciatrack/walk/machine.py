"""One event after another: `step` makes the next walk, `fold` makes a walk of all events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sciatrack.walk import state as s
from sciatrack.walk.counting import take_rep
from sciatrack.walk.events import Event
from sciatrack.walk.state import Cue, Step, Walk
from sciatrack.walk.timing import advance, begin_run, end_run, enter, go_to
from sciatrack_analytics.safety_rules import rule_set

Next = tuple[Walk, tuple[Cue, ...]]


def fold(events: Iterable[Event]) -> Walk:
    """Where a session stands after these events."""
    walk = Walk({}, {})
    for event in events:
        walk, _ = step(walk, event)
    return walk


def step(walk: Walk, event: Event) -> Next:
    """The walk after an event, and what is to be heard. An event that does not fit the phase changes nothing.

    An event that is older than the last one (two sources, one clock) counts as happening now.
    """
    walk, cues = advance(walk, event.at_s)
    walk, more = _HANDLERS[event.kind](walk, event.data)
    return walk, (*cues, *more)


def _begin(walk: Walk, data: Any) -> Next:
    if walk.phase != s.NEW:
        return walk, ()
    steps = tuple(Step(**item) for item in data["steps"])
    return enter(replace(walk, session=data["session"], plan=data["plan"], steps=steps), s.CHECK_IN), ()


def _answers(walk: Walk, data: Any) -> Next:
    """Keep what was said and decided; then do what the decisions say, whatever the phase is."""
    decisions = tuple(data["decisions"])
    walk = replace(walk, check_ins=(*walk.check_ins, data["answers"]), decisions=(*walk.decisions, *decisions))
    actions = [_action(item) for item in decisions]
    if any(action is None or action.stops for action in actions):
        return _stop_for_safety(walk)
    if walk.phase == s.CHECK_IN and data["answers"].get("phase") == "before":
        asked_again = any(action is not None and not action.starts for action in actions)
        return (walk, ()) if asked_again else go_to(replace(walk, before=data["answers"]), 0)
    if walk.phase == s.PAIN_CHECK:
        return _pain_answered(walk, decisions)
    if walk.phase in (s.CHECK_OUT, s.STOPPED) and data["answers"].get("phase") == "after":
        return enter(walk, s.FINISHED), ()
    return walk, ()


def _action(decision: Any) -> Any:
    """What a decision does; None for a rule that this software does not know, which stops."""
    rule = rule_set().rules.get(decision.get("rule"))
    return rule.action if rule else None


def _stop_for_safety(walk: Walk) -> Next:
    barred = walk.phase in (s.NEW, s.CHECK_IN, s.BLOCKED)
    over = walk.phase in (s.CHECK_OUT, s.FINISHED)
    walk = replace(end_run(walk, s.ENDED), unsafe=True, resume=None, pending=())
    phase = s.BLOCKED if barred else s.FINISHED if over else s.STOPPED
    return enter(walk, phase), (Cue(walk.now_s, "safety"),)


def _pain_answered(walk: Walk, decisions: tuple[Any, ...]) -> Next:
    """Only a rise that a clinician tolerates leads back, to a pause; anything else goes on asking."""
    if not any(item.get("rule") == "tolerated" for item in decisions):
        return walk, ()
    walk = replace(walk, pending=())
    if walk.resume == (s.CHECK_OUT, 0.0):
        return enter(replace(walk, resume=None), s.CHECK_OUT), ()
    return replace(enter(walk, s.PAUSED), resume=(s.INSTRUCT, 0.0)), ()


def _key(walk: Walk, data: Any) -> Next:
    if data["key"] == "pain_up":
        return _pain_up(walk, tuple(data["decisions"]))
    handler = _KEYS.get((data["key"], walk.phase))
    return handler(walk) if handler and not walk.unsafe else (walk, ())


def _sensor(walk: Walk, data: Any) -> Next:
    placement, lost = data["placement"], data["state"] == "lost"
    if lost == (placement in walk.lost):
        return walk, ()
    now_lost = walk.lost | {placement} if lost else walk.lost - {placement}
    walk = replace(walk, lost=now_lost, activity_s=walk.now_s)
    return walk, (Cue(walk.now_s, "sensor_lost" if lost else "sensor_back"),)


def _correct(walk: Walk, data: Any) -> Next:
    """Put a person's count beside ours. Both are kept, with whose it is and why."""
    index, count = data["run"], data["count"]
    if not isinstance(index, int) or not 0 <= index < len(walk.runs) or not isinstance(count, int) or count < 0:
        return walk, ()
    run = walk.runs[index]
    what = walk.steps[run.step]
    note = {
        "at_s": walk.now_s, "author": str(data["author"]), "reason": str(data["reason"]), "run": index,
        "exercise": what.exercise, "side": what.side, "set": what.set, "count_before": run.count,
        "corrected_before": run.corrected, "count": count,
    }  # fmt: skip
    runs = (*walk.runs[:index], replace(run, corrected=count), *walk.runs[index + 1 :])
    return replace(walk, runs=runs, corrections=(*walk.corrections, note)), ()


def _prompt(walk: Walk, data: Any) -> Next:
    return replace(walk, prompts=(*walk.prompts, data["prompt"])), (Cue(walk.now_s, "prompt"),)


def _end(walk: Walk, data: Any) -> Next:
    if walk.phase == s.PAIN_CHECK:
        walk, _ = _leave_pain_check(walk)
    walk = end_run(walk, s.ENDED)
    return (walk if walk.phase == s.BLOCKED else enter(walk, s.FINISHED)), ()


def _nothing(walk: Walk, data: Any) -> Next:
    return walk, ()


def _start(walk: Walk) -> Next:
    return enter(walk, s.LEAD_IN), (Cue(walk.now_s, "lead_in"),)


def _skip(walk: Walk) -> Next:
    return go_to(end_run(walk, s.SKIPPED), walk.at + 1)


def _repeat(walk: Walk) -> Next:
    """The set that goes on once more, or in a rest the one before it."""
    again = walk.at - 1 if walk.phase == s.REST and walk.at else walk.at
    walk = replace(end_run(walk, s.REPEATED), at=again, resume=None)
    return enter(walk, s.INSTRUCT), (Cue(walk.now_s, "exercise"),)


def _done(walk: Walk) -> Next:
    walk, cues = go_to(end_run(walk, s.BY_WORD), walk.at + 1)
    return walk, (Cue(walk.now_s, "set_over"), *cues)


def _pause(walk: Walk) -> Next:
    kept = replace(walk, resume=(walk.phase, walk.now_s - walk.since_s))
    return enter(kept, s.PAUSED), (Cue(walk.now_s, "pause"),)


def _resume(walk: Walk) -> Next:
    """Go on where it was; a set goes on after a new countdown."""
    phase, lasted_s = walk.resume or (s.INSTRUCT, 0.0)
    walk = replace(walk, resume=None)
    if phase in (s.ACTIVE, s.LEAD_IN):
        return _start(walk)
    return replace(enter(walk, phase), since_s=walk.now_s - lasted_s), (Cue(walk.now_s, "resume"),)


def _stop(walk: Walk) -> Next:
    return enter(replace(end_run(walk, s.ENDED), resume=None), s.CHECK_OUT), (Cue(walk.now_s, "stop"),)


def _pain_up(walk: Walk, decisions: tuple[Any, ...]) -> Next:
    """Stop at once and ask how much; `decisions` stand if no answer comes."""
    if walk.unsafe or walk.phase not in (*s.EXERCISING, s.CHECK_OUT):
        return walk, ()
    back = s.CHECK_OUT if walk.phase == s.CHECK_OUT else s.INSTRUCT
    walk = replace(end_run(walk, s.ENDED), resume=(back, 0.0), pending=decisions)
    return enter(walk, s.PAIN_CHECK), (Cue(walk.now_s, "stop"),)


def _leave_pain_check(walk: Walk) -> Next:
    """No answer came: what was decided at the button stands."""
    walk = replace(walk, decisions=(*walk.decisions, *walk.pending), pending=(), unsafe=True, resume=None)
    return enter(walk, s.STOPPED), (Cue(walk.now_s, "safety"),)


_HANDLERS: dict[str, Callable[[Walk, Any], Next]] = {
    "begin": _begin, "answers": _answers, "key": _key, "rep": take_rep, "sensor": _sensor, "correct": _correct,
    "prompt": _prompt, "tick": _nothing, "end": _end,
}  # fmt: skip
# What a key does in a phase; where nothing stands it does nothing.
_KEYS: dict[tuple[str, str], Callable[[Walk], Next]] = {
    ("start", s.INSTRUCT): _start,
    ("start", s.REST): _start,
    ("start", s.LEAD_IN): begin_run,
    ("resume", s.PAUSED): _resume,
    ("start", s.PAUSED): _resume,
    ("done", s.ACTIVE): _done,
    ("stop", s.PAIN_CHECK): _leave_pain_check,
    **{("skip", phase): _skip for phase in s.EXERCISING},
    **{("repeat", phase): _repeat for phase in s.EXERCISING},
    **{("pause", phase): _pause for phase in s.EXERCISING if phase != s.PAUSED},
    **{("stop", phase): _stop for phase in s.EXERCISING},
}


def keys_of(walk: Walk) -> list[str]:
    """The keys that do something now."""
    if walk.unsafe:
        return []
    pain = ["pain_up"] if walk.phase in (*s.EXERCISING, s.CHECK_OUT) else []
    return sorted(key for key, phase in _KEYS if phase == walk.phase) + pain
