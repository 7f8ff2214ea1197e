"""`History`: what a study knows of a person when a new session asks whether it may start.

Read from session folders and CSV files, never from the index: the folders are the truth, and travel.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from sciatrack_analytics.answers import Answers


@dataclass(frozen=True)
class PastDecision:
    """A decision of an earlier session (or an earlier moment of this one)."""

    rule: str
    action: str
    at_utc: dt.datetime
    local_date: dt.date


@dataclass(frozen=True)
class Clearance:
    """A clinician has seen the person because of a rule; a line of clearances.csv."""

    rule: str
    cleared_utc: dt.datetime
    clinician: str


@dataclass(frozen=True)
class Tolerance:
    """A clinician allows pain to rise by so much in a session; a line of tolerances.csv."""

    nrs: int
    author: str
    reason: str


@dataclass(frozen=True)
class History:
    """Everything that rules about more than one moment need; empty for a person nobody knows yet.

    check_ins   : earlier check-ins, oldest first
    known_signs : signs that a clinician has recorded as known, with who did
    day_start   : when a local day begins
    problems    : sessions that could not be read, one sentence each: what was said in them is unknown
    """

    check_ins: tuple[Answers, ...] = ()
    decisions: tuple[PastDecision, ...] = ()
    clearances: tuple[Clearance, ...] = ()
    known_signs: Mapping[str, str] = field(default_factory=dict)
    tolerance: Tolerance | None = None
    day_start: dt.time = dt.time(4, 0)
    problems: tuple[str, ...] = ()

    def local_date(self, answers: Answers) -> dt.date:
        """The local day of a check-in: with a day that begins at 04:00, 03:59 is still the day before."""
        return (answers.at_local - dt.timedelta(hours=self.day_start.hour, minutes=self.day_start.minute)).date()


@dataclass(frozen=True)
class Moment:
    """What one decision looks at: the answers, what went before, and the answers at the session's start."""

    answers: Answers
    history: History
    before: Answers | None = None
