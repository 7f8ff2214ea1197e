"""Check-ins: pain of leg and back, its most distal site, symptoms. A missing answer is unknown, not "no"."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import local_time, text_to_utc, zone

# before and after a session, at the button "my pain went up", or a diary entry without a session
PHASES = ("before", "after", "button", "diary")
# From the middle of the body outwards: pain that moves to a smaller index has centralised.
SITES = ("back", "buttock", "thigh", "calf", "foot")
NO_PAIN_SITE = "none"
# The eight signs of the article that need a doctor at once; each is asked in every check-in.
RED_FLAGS = (
    "decreased_coordination",
    "difficulty_walking",
    "fever",
    "loss_of_bowel_or_bladder_control",
    "loss_of_sensation_in_feet",
    "numbness_in_genital_region",
    "sexual_dysfunction",
    "weakness_in_legs_or_feet",
)
NONE_OF_THESE = "none"
# Asked of the whole body outside the eight signs: "numbness, tingling or weakness elsewhere".
NERVE_SYMPTOMS = ("numbness", "tingling", "weakness")
# What a clinician can record as known, so that the person is asked "new or worse?".
KNOWN_SIGNS = (*RED_FLAGS, *NERVE_SYMPTOMS)
NRS_MAX = 10
ANSWERS = ("leg_nrs", "back_nrs", "distal_site", "red_flags", "other_symptoms", "note")


class CheckInError(SciatrackError, ValueError):
    """A check-in whose answers are not among those that can be given."""


def parse_nrs(text: str) -> int:
    """A pain score, 0 (none) to 10."""
    if not text.isascii() or not text.isdigit() or int(text) > NRS_MAX:
        raise ValueError(f"is not a whole number from 0 to {NRS_MAX}")
    return int(text)


def parse_site(text: str) -> str:
    """The most distal site of pain, or "none"."""
    if text not in (*SITES, NO_PAIN_SITE):
        raise ValueError(f"is not one of {', '.join((*SITES, NO_PAIN_SITE))}")
    return text


def parse_flags(text: str) -> str:
    """Red flags joined by spaces, or "none" for the explicit answer "none of these"."""
    words = text.split()
    wrong = [word for word in words if word not in RED_FLAGS]
    if words != [NONE_OF_THESE] and wrong:
        raise ValueError(f"names no known sign ({wrong[0]}); those are {NONE_OF_THESE} or {', '.join(RED_FLAGS)}")
    return " ".join(words)


def row_from_manifest(item: Mapping[str, Any], session_id: str, participant: str, timezone: str) -> dict[str, Any]:
    """One check-in of a session's manifest as a row of the index.

    Raises CheckInError naming the session, the key and what is allowed.
    """

    def answer(key: str, parse: Any) -> Any:
        value = item.get(key)
        try:
            return None if value in (None, "") else parse(str(value))
        except ValueError as error:
            raise CheckInError(f"session {session_id}: check-in: {key} '{value}' {error}") from None

    try:
        at_utc = text_to_utc(str(item["at_utc"]))
    except (KeyError, ValueError) as error:
        raise CheckInError(f"session {session_id}: check-in: at_utc: {error}") from None
    return {
        "session_id": session_id,
        "participant": participant,
        "at_utc": at_utc.replace(tzinfo=None),
        "at_local": local_time(at_utc, timezone),
        "tz": timezone,
        "phase": answer("phase", _phase) or "diary",
        "leg_nrs": answer("leg_nrs", parse_nrs),
        "back_nrs": answer("back_nrs", parse_nrs),
        "distal_site": answer("distal_site", parse_site),
        "red_flags": answer("red_flags", parse_flags),
        "other_symptoms": item.get("other_symptoms") or None,
        "note": item.get("note") or None,
    }


def decision_row(item: Mapping[str, Any]) -> dict[str, Any]:
    """One decision of a session's manifest as a row of the index, without the keys of its session.

    Raises CheckInError where it names no rule, or its moment is none.
    """
    try:
        at_utc = text_to_utc(str(item["at_utc"])).replace(tzinfo=None) if item.get("at_utc") else None
        rule = str(item["rule"])
    except (KeyError, ValueError) as error:
        raise CheckInError(f"decision: {error}") from None
    answers, details = item.get("answers"), item.get("details")
    if "action" not in item:  # no safety rule: a check of how the sensor sat, kept whole
        details = {key: value for key, value in item.items() if key != "rule"}
    return {
        "at_utc": at_utc,
        "phase": item.get("phase"),
        "rule": rule,
        "action": item.get("action"),
        "rule_set": item.get("rule_set"),
        "answers": None if answers is None else json.dumps(answers, ensure_ascii=False),
        "details": None if details is None else json.dumps(details, ensure_ascii=False),
    }


def row_from_csv(row: Mapping[str, Any], timezone: str) -> dict[str, Any]:
    """One line of checkins.csv as a row of the index; `timezone` is the study's, for lines that name none."""
    name = row["timezone"] or timezone
    local: dt.datetime = row["at_local"]
    return {
        "session_id": None,
        "participant": row["participant"],
        "at_utc": local.replace(tzinfo=zone(name)).astimezone(dt.UTC).replace(tzinfo=None),
        "at_local": local,
        "tz": name,
        "phase": row["phase"] or "diary",
        **{key: row[key] for key in ("leg_nrs", "back_nrs", "distal_site", "red_flags", "other_symptoms", "note")},
    }


def _phase(text: str) -> str:
    if text not in PHASES:
        raise ValueError(f"is not one of {', '.join(PHASES)}")
    return text
