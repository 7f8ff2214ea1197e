"""`Answers`: what a person said at one moment of a session. A missing answer is unknown (None), never "no"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sciatrack_analytics.checkins import (
    KNOWN_SIGNS,
    NERVE_SYMPTOMS,
    NO_PAIN_SITE,
    NONE_OF_THESE,
    NRS_MAX,
    PHASES,
    RED_FLAGS,
    SITES,
    CheckInError,
)
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import local_time, text_to_utc, utc_to_text, zone


@dataclass(frozen=True)
class Answers:
    """The answers of one check-in; None is an answer that was not given, () the explicit "none of these".

    phase           : before | after | button ("my pain went up") | diary
    at_utc          : when, with offset; `timezone` is the IANA zone of the person
    leg_nrs, back_nrs : pain, 0 to 10
    distal_site     : the most distal site of pain: back, buttock, thigh, calf, foot, or "none"
    red_flags       : those of the eight signs that the person has (new, worse, or not known to a clinician)
    known_unchanged : signs that a clinician has recorded as known and of which the person says: not new, not worse
    other_symptoms  : numbness, tingling, weakness elsewhere, likewise
    consulted       : the person says that they talked to a clinician about what stopped an earlier session

    Raises CheckInError naming the answer, its value and what is allowed.
    """

    phase: str
    at_utc: dt.datetime
    timezone: str = "UTC"
    leg_nrs: int | None = None
    back_nrs: int | None = None
    distal_site: str | None = None
    red_flags: tuple[str, ...] | None = None
    known_unchanged: tuple[str, ...] = ()
    other_symptoms: tuple[str, ...] | None = None
    consulted: bool | None = None
    note: str = ""

    def __post_init__(self) -> None:
        _one_of("phase", self.phase, PHASES)
        if not isinstance(self.at_utc, dt.datetime) or self.at_utc.tzinfo is None:
            raise CheckInError(f"at_utc {self.at_utc} must carry its offset from UTC, like 2026-03-29T01:30:00Z")
        object.__setattr__(self, "at_utc", self.at_utc.astimezone(dt.UTC))
        try:
            zone(self.timezone)
        except SciatrackError as error:
            raise CheckInError(str(error)) from error
        for name in ("leg_nrs", "back_nrs"):
            _nrs(name, getattr(self, name))
        if self.distal_site is not None:
            _one_of("distal_site", self.distal_site, (*SITES, NO_PAIN_SITE))
        _several(self, "red_flags", RED_FLAGS)
        _several(self, "known_unchanged", KNOWN_SIGNS)
        _several(self, "other_symptoms", NERVE_SYMPTOMS)
        if self.consulted not in (None, True, False):
            raise CheckInError(f"consulted is {self.consulted!r}; answer true or false, or leave it out")

    @property
    def at_local(self) -> dt.datetime:
        """The person's wall clock, without an offset."""
        return local_time(self.at_utc, self.timezone)

    def to_dict(self) -> dict[str, Any]:
        """As a manifest keeps a check-in: what was not answered is left out, "none" is the explicit none."""
        body: dict[str, Any] = {"phase": self.phase, "at_utc": utc_to_text(self.at_utc), "timezone": self.timezone}
        for name in ("leg_nrs", "back_nrs", "distal_site", "consulted"):
            if (value := getattr(self, name)) is not None:
                body[name] = value
        for name in ("red_flags", "other_symptoms"):
            if (words := getattr(self, name)) is not None:
                body[name] = " ".join(words) or NONE_OF_THESE
        if self.known_unchanged:
            body["known_unchanged"] = " ".join(self.known_unchanged)
        if self.note:
            body["note"] = self.note
        return body


def answers_from(body: Mapping[str, Any]) -> Answers:
    """Answers from JSON, as `Answers.to_dict` writes them; lists in place of joined words are taken too.

    Raises CheckInError for a key that is not known, a value that is not allowed, or a missing moment.
    """
    known = Answers.__dataclass_fields__
    for key in body:
        if key not in known:
            raise CheckInError(f"the answer '{key}' is not known; those are {', '.join(known)}")
    values = {key: value for key, value in body.items() if value not in (None, "")}
    for key in ("phase", "at_utc"):
        if key not in values:
            raise CheckInError(f"the answers lack '{key}'")
    try:
        values["at_utc"] = text_to_utc(str(values["at_utc"]))
    except ValueError as error:
        raise CheckInError(f"at_utc: {error}") from None
    for key in ("red_flags", "known_unchanged", "other_symptoms"):
        if key in values:
            values[key] = _words(key, values[key])
    return Answers(**values)


def _words(name: str, value: Any) -> tuple[str, ...]:
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise CheckInError(f"{name} is {value!r}; give a list of words, or 'none'")
    if list(words) == [NONE_OF_THESE]:
        return ()
    if NONE_OF_THESE in words:
        raise CheckInError(f"{name} says both 'none' and {', '.join(w for w in words if w != NONE_OF_THESE)}")
    return tuple(words)


def _nrs(name: str, value: Any) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and (not whole or not 0 <= value <= NRS_MAX):
        raise CheckInError(f"{name} is {value!r}; pain is a whole number from 0 (none) to {NRS_MAX}")


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise CheckInError(f"{name} is {value!r}; it is one of {', '.join(allowed)}")


def _several(answers: Answers, name: str, allowed: tuple[str, ...]) -> None:
    """Check a list of words, and put it into the order of the questions without repeats."""
    words = getattr(answers, name)
    if words is None:
        return
    for word in words:
        _one_of(name, word, allowed)
    object.__setattr__(answers, name, tuple(word for word in allowed if word in words))
