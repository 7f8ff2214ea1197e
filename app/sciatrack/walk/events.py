"""Events: what happens to a session, one JSON line each in live.jsonl."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sciatrack.walk.state import Step
from sciatrack_analytics.live_log import read_live_log
from sciatrack_ingest.errors import SciatrackError

KEYS = ("start", "skip", "repeat", "pause", "resume", "stop", "pain_up", "done")
REP_WHAT = ("started", "hold_started", "hold_ended", "done", "revised", "withdrawn")
SENSOR_STATES = ("lost", "back")
# Each kind of event with the keys that it must carry.
KINDS: dict[str, tuple[str, ...]] = {
    "begin": ("session", "plan", "steps"),
    "answers": ("answers", "decisions"),
    "key": ("key",),
    "rep": ("what", "id", "placement"),
    "sensor": ("placement", "state"),
    "correct": ("run", "count", "author", "reason"),
    "prompt": ("prompt",),
    "tick": (),
    "end": (),
}


class EventError(SciatrackError, ValueError):
    """An event that cannot be used; says what is wrong with it."""


@dataclass(frozen=True)
class Event:
    """Something that happened at a moment of the session's clock.

    begin   : session (id, participant, start_utc, timezone), plan, steps (`begin_event` makes it)
    answers : answers (Answers.to_dict()) and the decisions made of them
    key     : key, one of KEYS; pain_up carries the decisions that stand if nothing more is said
    rep     : what (one of REP_WHAT), id, placement, and of start_s, hold_start_s, hold_end_s, end_s, hold_s,
              side, complete, flags what is known by then, all on the session's clock; beyond: prompts for which it
              gives a reason beside the person's own usual
    sensor  : placement, state (one of SENSOR_STATES)
    correct : run (its number), count, author, reason
    prompt  : prompt, a question for which the sensor gives a reason (`prompt_events` makes it)
    tick    : time alone; not logged          end : the recording is over

    Raises EventError for a kind that is not known, a key that is missing, or a time that is no number.
    """

    at_s: float
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise EventError(f"an event '{self.kind}' is not known; those are {', '.join(KINDS)}")
        if not isinstance(self.at_s, (int, float)) or isinstance(self.at_s, bool) or not math.isfinite(self.at_s):
            raise EventError(f"at_s of event '{self.kind}' is {self.at_s!r}; give seconds")
        missing = [name for name in KINDS[self.kind] if name not in self.data]
        if missing:
            raise EventError(f"event '{self.kind}' lacks {', '.join(missing)}")
        for name, allowed in (("key", KEYS), ("what", REP_WHAT), ("state", SENSOR_STATES)):
            if name in KINDS[self.kind] and self.data[name] not in allowed:
                raise EventError(f"{name} is {self.data[name]!r}; it is one of {', '.join(allowed)}")
        if self.data.get("key") == "pain_up" and "decisions" not in self.data:
            raise EventError("the key pain_up lacks its decisions; make it with pain_up_event")


def begin_event(at_s: float, session: Mapping[str, Any], plan: Mapping[str, Any], steps: Sequence[Step]) -> Event:
    """The first event of a session. `session`: session_id, participant, start_utc (text), timezone, origin."""
    return Event(at_s, "begin", {"session": dict(session), "plan": dict(plan), "steps": [asdict(s) for s in steps]})


def event_to_json(event: Event) -> str:
    """One line without its end."""
    return json.dumps({"at_s": event.at_s, "kind": event.kind, **event.data}, ensure_ascii=False, allow_nan=False)


def event_from_json(line: str) -> Event:
    """The event of a line; raises EventError where it is none."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EventError(f"not JSON: {error}") from None
    if not isinstance(body, dict):
        raise EventError("an event is a JSON object")
    return _event(body)


def read_events(folder: Path) -> tuple[list[Event], int]:
    """The events of a session folder's live.jsonl in order, and how many lines are no event."""
    objects, unreadable = read_live_log(folder)
    events = []
    for body in objects:
        try:
            events.append(_event(body))
        except EventError:
            unreadable += 1
    return events, unreadable


def _event(body: dict[str, Any]) -> Event:
    rest = {key: value for key, value in body.items() if key not in ("at_s", "kind")}
    return Event(body.get("at_s", float("nan")), str(body.get("kind", "")), rest)
