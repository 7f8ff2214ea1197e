"""Rules about what a person says now: each returns what it found, or None where it does not apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sciatrack_analytics.checkins import NERVE_SYMPTOMS, RED_FLAGS
from sciatrack_analytics.safety_history import Moment

Details = dict[str, Any]
Limits = Mapping[str, float]
PAIN = ("leg_nrs", "back_nrs")  # each is judged, and the strictest result stands
# A symptom elsewhere that may be one of the eight signs while these are not answered: an overlap resolves upwards.
MAY_BE = {"numbness": "numbness_in_genital_region", "weakness": "weakness_in_legs_or_feet"}
ASKED = {
    "before": (*PAIN, "red_flags", "other_symptoms"),
    "after": PAIN,
    "button": PAIN,
    "diary": (),
}  # where a rule needs them; the most distal site is asked too and decides nothing


def red_flag(moment: Moment, limits: Limits) -> Details | None:
    """Any of the eight signs; one that is "known" counts unless a clinician recorded it."""
    answers = moment.answers
    signs = {*(answers.red_flags or ()), *_not_known(moment, RED_FLAGS)}
    if answers.red_flags is None:
        signs |= {MAY_BE[word] for word in _elsewhere(moment) if word in MAY_BE}
    return {"signs": sorted(signs)} if signs else None


def nerve_symptom(moment: Moment, limits: Limits) -> Details | None:
    """Numbness, tingling or weakness elsewhere, unless a clinician knows of it and it is neither new nor worse."""
    words = _elsewhere(moment)
    return {"symptoms": sorted(words)} if words else None


def session_pain_2(moment: Moment, limits: Limits) -> Details | None:
    """Pain rose since the start of the session by so much that a physical therapist should know."""
    return _rises(moment, limits["rise_nrs"]) or None


def exercise_pain_1(moment: Moment, limits: Limits) -> Details | None:
    """Pain rose at all, or the person says so; a clinician may have allowed a rise of one point."""
    rises = _rises(moment, limits["rise_nrs"])
    pressed: Details = {"pressed": True} if moment.answers.phase == "button" else {}
    if (rises or pressed) and not _tolerated(moment):
        return pressed | rises
    return None


def tolerated(moment: Moment, limits: Limits) -> Details | None:
    """A rise that a clinician has allowed: it goes on, and is written down with whose decision it was."""
    allowed = moment.history.tolerance
    if allowed is None or not _tolerated(moment):
        return None
    return {**_rises(moment, 1), "nrs": allowed.nrs, "author": allowed.author, "reason": allowed.reason}


def high_baseline(moment: Moment, limits: Limits) -> Details | None:
    """So much pain that a session is not begun."""
    if moment.answers.phase != "before":
        return None
    return {name: value for name, value in _pain(moment).items() if value >= limits["nrs"]} or None


def unanswered(moment: Moment, limits: Limits) -> Details | None:
    """Questions without an answer, which is not the answer "no"."""
    missing = [name for name in ASKED[moment.answers.phase] if getattr(moment.answers, name) is None]
    return {"missing": missing} if missing else None


def _not_known(moment: Moment, signs: tuple[str, ...]) -> set[str]:
    """Signs that the person calls known and unchanged, and that no clinician has recorded."""
    return {s for s in moment.answers.known_unchanged if s in signs and s not in moment.history.known_signs}


def _elsewhere(moment: Moment) -> set[str]:
    return {*(moment.answers.other_symptoms or ()), *_not_known(moment, NERVE_SYMPTOMS)}


def _pain(moment: Moment) -> dict[str, int]:
    values = {name: getattr(moment.answers, name) for name in PAIN}
    return {name: value for name, value in values.items() if value is not None}


def _rises(moment: Moment, least: float) -> dict[str, list[int]]:
    """[then, now] for leg and back, where both are known and the rise is at least so much."""
    if moment.before is None or moment.answers.phase == "before":
        return {}
    pairs = {name: [getattr(moment.before, name), now] for name, now in _pain(moment).items()}
    return {name: pair for name, pair in pairs.items() if pair[0] is not None and pair[1] - pair[0] >= least}


def _tolerated(moment: Moment) -> bool:
    """Leg and back are both known before and now, one rose, and neither by more than a clinician allows."""
    allowed = moment.history.tolerance
    known = moment.before is not None and all(
        getattr(answers, name) is not None for answers in (moment.before, moment.answers) for name in PAIN
    )
    if allowed is None or not known:
        return False
    return bool(_rises(moment, 1)) and not _rises(moment, allowed.nrs + 1)
