"""After a set: the questions for which its reps give a reason, each once for an exercise and side."""

from __future__ import annotations

from sciatrack.walk.events import Event
from sciatrack.walk.state import Walk
from sciatrack_analytics.safety_prompts import prompts_of


def prompt_events(walk: Walk) -> list[Event]:
    """Prompts about the last set, if it is over; none where a rule has ended the session, or nobody was seen.

    Each is told once for an exercise and side of a session: who was asked about it has heard it.
    """
    if walk.unsafe or not walk.runs or walk.runs[-1].end_s is None:
        return []
    number = len(walk.runs) - 1
    run = walk.runs[number]
    what = walk.steps[run.step]
    same = [i for i, step in enumerate(walk.steps) if (step.exercise, step.side) == (what.exercise, what.side)]
    done = sum(one.count for one in walk.runs if one.step in same)
    dose = sum(walk.steps[i].target for i in same)
    told = {one["name"] for one in walk.prompts if (one["exercise"], one["side"]) == (what.exercise, what.side)}
    flags = [(*rep.flags, *rep.beyond) for rep in run.reps if not rep.inferred and not rep.open]
    return [
        Event(walk.now_s, "prompt", {"prompt": {
            "name": name, "run": number, "exercise": what.exercise, "side": what.side, "reps": reps,
        }})
        for name, reps in prompts_of(flags, done, dose).items()
        if name not in told
    ]  # fmt: skip
