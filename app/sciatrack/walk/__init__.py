"""The walk through a session plan, hands-free: a pure state machine without a clock and without input or output.

    walk = fold(read_events(folder)[0])                   # where the session stands: the log is all there is
    walk, cues = step(walk, Event(now_s, "key", {"key": "pause"}))
    walk, cues = advance(walk, now_s)                   # time alone; ask again at the latest at next_change_s(walk)
    shown = screen(walk)                                # what a page or a terminal shows

The log of events (live.jsonl) is the truth. Ticks are not part of it: passing time in one step or in a thousand
gives the same walk, so a restart that folds the log loses nothing.
"""

from __future__ import annotations

from sciatrack.walk.events import (
    KEYS,
    KINDS,
    Event,
    EventError,
    begin_event,
    event_from_json,
    event_to_json,
    read_events,
)
from sciatrack.walk.hearing import rep_event
from sciatrack.walk.machine import fold, step
from sciatrack.walk.prompting import prompt_events
from sciatrack.walk.saying import answers_event, pain_up_event
from sciatrack.walk.screen import screen
from sciatrack.walk.state import Cue, Run, Seen, Step, Walk
from sciatrack.walk.steps import steps_of
from sciatrack.walk.timing import advance, next_change_s

__all__ = [
    "KEYS",
    "KINDS",
    "Cue",
    "Event",
    "EventError",
    "Run",
    "Seen",
    "Step",
    "Walk",
    "advance",
    "answers_event",
    "begin_event",
    "event_from_json",
    "event_to_json",
    "fold",
    "next_change_s",
    "pain_up_event",
    "prompt_events",
    "read_events",
    "rep_event",
    "screen",
    "step",
    "steps_of",
]
