"""Events that carry what a person said, together with what the rules make of it."""

from __future__ import annotations

import datetime as dt

from sciatrack.walk.events import Event
from sciatrack.walk.state import Walk
from sciatrack_analytics.answers import Answers, answers_from
from sciatrack_analytics.safety import Decision, decide
from sciatrack_analytics.safety_history import History


def answers_event(
    at_s: float, answers: Answers, history: History, walk: Walk
) -> tuple[Event, tuple[Decision, ...]]:
    """The event of a check-in and its decisions, strictest first."""
    decisions = decide(answers, history, before_of(walk))
    data = {"answers": answers.to_dict(), "decisions": [decision.to_dict() for decision in decisions]}
    return Event(at_s, "answers", data), decisions


def pain_up_event(at_s: float, at_utc: dt.datetime, timezone: str, history: History, walk: Walk) -> Event:
    """The button "my pain went up", with the decision that stands if no number follows."""
    decisions = decide(Answers("button", at_utc, timezone), history, before_of(walk))
    return Event(at_s, "key", {"key": "pain_up", "decisions": [decision.to_dict() for decision in decisions]})


def before_of(walk: Walk) -> Answers | None:
    """The answers with which the exercises began; None before that."""
    return None if walk.before is None else answers_from(walk.before)
