"""Safety decisions: pure functions from what a person said to what the rules say. The sensor has no say here.

    decisions = decide(answers, history)          # before a session
    may_start(decisions)                          # False: show the first decision's text and stop
    decisions = decide(answers, history, before)  # after it, or at the button "my pain went up"

Every rule that applies is a decision, strictest first. A missing answer is unknown, never "no". No good session
takes a rule back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sciatrack_analytics import safety_course, safety_said
from sciatrack_analytics.answers import Answers
from sciatrack_analytics.safety_history import History, Moment
from sciatrack_analytics.safety_rules import rule_set
from sciatrack_ingest.manifest import utc_to_text

APPLIES: dict[str, Callable[[Moment, Mapping[str, float]], dict[str, Any] | None]] = {
    "red_flag": safety_said.red_flag,
    "red_flag_open": safety_course.red_flag_open,
    "session_pain_2": safety_said.session_pain_2,
    "nerve_symptom": safety_said.nerve_symptom,
    "consult_open": safety_course.consult_open,
    "weekly_trend": safety_course.weekly_trend,
    "exercise_pain_1": safety_said.exercise_pain_1,
    "stopped_today": safety_course.stopped_today,
    "high_baseline": safety_said.high_baseline,
    "unanswered": safety_said.unanswered,
    "long_course": safety_course.long_course,
    "tolerated": safety_said.tolerated,
    "past_unknown": safety_course.past_unknown,
}


@dataclass(frozen=True)
class Decision:
    """One rule that applies: what to do, and the answers that led to it. `text` is a key of texts.toml."""

    rule: str
    action: str
    phase: str
    at_utc: dt.datetime
    answers: Mapping[str, Any]
    details: Mapping[str, Any] = field(default_factory=dict)
    rule_set: str = ""

    @property
    def text(self) -> str:
        return f"safety.{self.rule}"

    def to_dict(self) -> dict[str, Any]:
        """As a manifest keeps it."""
        return {
            "rule": self.rule,
            "action": self.action,
            "rule_set": self.rule_set,
            "phase": self.phase,
            "at_utc": utc_to_text(self.at_utc),
            "text": self.text,
            "answers": dict(self.answers),
            "details": dict(self.details),
        }


def decide(answers: Answers, history: History, before: Answers | None = None) -> tuple[Decision, ...]:
    """Every rule that applies to these answers, strictest first; empty if none does.

    before : the answers at the start of this session, for answers given later in it.
    """
    rules = rule_set()
    moment = Moment(answers, history, before)
    found = [(rule, APPLIES[rule.id](moment, rule.limits)) for rule in rules.rules.values()]
    given = answers.to_dict()
    return tuple(
        Decision(rule.id, rule.action.name, answers.phase, answers.at_utc, given, details, rules.version)
        for rule, details in found
        if details is not None
    )


def may_start(decisions: Iterable[Decision]) -> bool:
    """False if any of the decisions at the start of a session bars it."""
    return all(rule_set().rules[decision.rule].action.starts for decision in decisions)


def stops(decisions: Iterable[Decision]) -> bool:
    """True if any of the decisions ends today's exercises."""
    return any(rule_set().rules[decision.rule].action.stops for decision in decisions)
