"""What the safety rules said, on a page: in their own strictness, never milder, and never left out.

Red flags of which no clinician's clearance is recorded stand at the top of a page, whichever days it is about.
That no rule spoke is not told as "all is well": it may be that nobody was asked.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from sciatrack_analytics import html_parts as parts
from sciatrack_analytics import safety_course
from sciatrack_analytics.answers import Answers
from sciatrack_analytics.html_ask import Ask, Row
from sciatrack_analytics.safety_history import History, Moment
from sciatrack_analytics.safety_reading import read_history
from sciatrack_analytics.safety_rules import rule_set
from sciatrack_analytics.store import SESSION_FOLDER
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.sessions import read_manifest, session_folders

# What each action of safety_rules.toml asks for, in the words of the clinic's page.
ACTIONS = {
    "seek_immediate_care": "Seek immediate medical care",
    "stop_and_consult_physical_therapist": "Stop; talk to a physical therapist before the next session",
    "stop_and_consult_healthcare_provider": "Stop; contact a healthcare provider before the next session",
    "pause_and_consult_physical_therapist": "Pause; talk to a physical therapist",
    "stop_for_today": "Stop for today",
    "do_not_start_and_consult_physical_therapist": "Do not start today; talk to a physical therapist",
    "ask": "Do not start before everything is answered",
    "suggest_review": "Have the exercises reviewed by a healthcare provider",
    "note": "A rise of pain within what a clinician allows",
}
UNKNOWN = "Rule unknown to this version; stop and talk to a physical therapist"
# What led to a decision that others refer to.
RULES = {
    "red_flag": "a red-flag sign", "red_flag_open": "a red-flag sign that nobody cleared",
    "session_pain_2": "pain that rose by 2 or more in a session", "nerve_symptom": "a symptom of nerve compression",
    "consult_open": "a consultation that is due", "weekly_trend": "pain that rose over two weeks",
    "exercise_pain_1": "pain that rose in a session", "stopped_today": "a session that was stopped that day",
    "high_baseline": "high pain before a session", "unanswered": "an answer that is missing",
    "long_course": "pain that hardly changed in six weeks", "tolerated": "a rise that a clinician allows",
    "past_unknown": "an earlier session that cannot be read",
}  # fmt: skip
SITES = {"leg_nrs": "leg pain", "back_nrs": "back pain"}
COLUMNS = ("what the rule said", "because")
TITLE = "What the safety rules said"


def banner(ask: Ask, spoken: Sequence[Row]) -> str:
    """Red flags that no clinician has cleared, and consultations that nobody says took place; else nothing."""
    lines = [
        f"{ACTIONS['seek_immediate_care']}. {who + ': ' if ask.participant is None else ''}{words}"
        for who, words in _open_flags(spoken).items()
    ]
    if ask.participant is not None:
        lines += _from_folders(ask, has_flag=bool(lines))
    else:
        lines += _outside_index(ask, {row["participant"] for row in spoken if row["red_flag_open"]})
    return "".join(f'<p class="stop" role="note">{escape(line)}</p>' for line in lines)


def section(ask: Ask, spoken: Sequence[Row]) -> str:
    """One line a rule, strictest first: what it said, how often, when last and why."""
    asked = ask.detail("asked")
    n, signs = (sum(row[key] for row in asked) for key in ("n_before", "n_signs_answered"))
    answered = f"The eight signs were answered in {signs} of {n} check-ins before a session." if n else (
        "There is no check-in before a session on these days, so nobody was asked about the eight signs."
    )  # fmt: skip
    if not spoken:
        return parts.section(TITLE, parts.paragraph(f"No decision of a safety rule is recorded. {answered}"))
    who = ask.participant is None
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in sorted(spoken, key=lambda row: _order(row["rule"])):
        groups.setdefault((row["participant"] if who else "", row["rule"], row["action"]), []).append(row)
    rows = [
        [*([key[0]] if who else []), words(own[0]), str(len(own)), str(own[0]["local_date"]), because(own[0])]
        for key, own in groups.items()
    ]
    columns = (*(["participant"] if who else []), COLUMNS[0], "times", "last", COLUMNS[1])
    return parts.section(TITLE, parts.table(columns, rows, TITLE), parts.paragraph(answered))


def log(spoken: Sequence[Row]) -> str:
    """Every decision of a participant, newest first; nothing is folded away."""
    if not spoken:
        return ""
    rows = [[str(row["local_date"]), row["phase"] or "", words(row), because(row)] for row in spoken]
    title = "Every decision of the safety rules"
    return parts.section(title, parts.table(("day", "asked", *COLUMNS), rows, title))


def words(row: Row) -> str:
    """What a decision asks for; one that this version does not know asks to stop."""
    return ACTIONS.get(row["action"], f"{UNKNOWN} ({row['rule']}, {row['action']})")


def because(row: Row) -> str:
    """The answers that a rule found, in words."""
    found: dict[str, Any] = json.loads(row["details"] or "{}")
    return "; ".join(part for key, value in found.items() if (part := _reason(key, value)))


def _reason(key: str, value: Any) -> str:
    if key in SITES:
        return f"{SITES[key]} {_course(value)}"
    if key in ("signs", "symptoms"):
        return ", ".join(_plain(word) for word in value)
    if key == "missing":
        return "not answered: " + ", ".join(SITES.get(word, _plain(word)) for word in value)
    if key == "pressed":
        return "the person said that pain went up"
    if key == "since" and isinstance(value, Mapping):
        return ", ".join(f"{RULES.get(rule, _plain(rule))} on {str(at)[:10]}" for rule, at in value.items())
    if key == "since":
        return f"since {str(value)[:10]}"
    if key == "rules":
        return "earlier that day: " + ", ".join(RULES.get(rule, _plain(rule)) for rule in value)
    return f"{_plain(key)} {value}"


def _course(value: Any) -> str:
    """`3 → 6` for then and now; a score; or medians and a slope of weeks."""
    if isinstance(value, list):
        return " → ".join(str(score) for score in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{_plain(name)} {number:g}" for name, number in value.items())
    return f"{value} of 10"


def _plain(word: Any) -> str:
    return str(word).replace("_", " ")


def _order(rule: str) -> int:
    rules = rule_set().rules
    return rules[rule].order if rule in rules else 0


def _open_flags(spoken: Sequence[Row]) -> dict[str, str]:
    """Of each participant with signs that nobody has cleared: which, and on which days."""
    found: dict[str, list[Row]] = {}
    for row in spoken:
        if row["red_flag_open"]:
            found.setdefault(row["participant"], []).append(row)
    return {
        who: "Reported: "
        + "; ".join(f"{because(row)} ({row['local_date']})" for row in reversed(own))
        + ". No clinician's clearance is recorded since; no exercises until then."
        for who, own in found.items()
    }


def _from_folders(ask: Ask, *, has_flag: bool) -> list[str]:
    """What the study's folders leave open beyond the index: consultations, and sessions that were cut off."""
    assert ask.participant is not None
    moment = _moment(ask, read_history(ask.study.path, ask.participant))
    lines = [] if has_flag else _signs_outside(moment)
    if consult := safety_course.consult_open(moment, {}):
        why = _reason("since", consult["since"])
        lines.append(
            f"Talk to a clinician before the next session, because of {why}. Nobody has said that it was done."
        )
    return lines + _unreadable(moment)


def _outside_index(ask: Ask, flagged: Collection[str]) -> list[str]:
    """Signs in session folders that the index does not hold, and folders of which nobody knows what was said.

    flagged : participants of whom an open sign is told already
    """
    indexed = {row[0] for row in ask.study.rows("select session_id from session")}
    outside: dict[str, list[Path]] = {}
    for folder in session_folders(ask.study.sessions):
        if folder.name not in indexed:
            outside.setdefault(_whose(folder), []).append(folder)
    lines = [f"What was said cannot be read, and is unknown: {folder}" for folder in outside.pop("", [])]
    for who, folders in sorted(outside.items()):
        moment = _moment(ask, read_history(ask.study.path, who, only=folders))
        signs = [] if who in flagged else [f"{who}: {line}" for line in _signs_outside(moment)]
        lines += signs + _unreadable(moment)
    return lines


def _whose(folder: Path) -> str:
    """The participant of a session folder; "" where neither its name nor its manifest tells."""
    if named := SESSION_FOLDER.fullmatch(folder.name):
        return named[1]
    try:
        return read_manifest(folder).participant
    except SciatrackError:
        return ""


def _moment(ask: Ask, history: History) -> Moment:
    """The end of the last day that a page is about."""
    now = dt.datetime.now(dt.UTC) if ask.to_date is None else _end_of(ask.to_date)
    return Moment(Answers("before", now), _until(history, ask.to_date))


def _signs_outside(moment: Moment) -> list[str]:
    flag = safety_course.red_flag_open(moment, {})
    return [] if flag is None else [
        f"{ACTIONS['seek_immediate_care']}. A sign was reported on {flag['since'][:10]}, in a session that is "
        "not in the index yet. No clinician's clearance is recorded since; no exercises until then."
    ]  # fmt: skip


def _unreadable(moment: Moment) -> list[str]:
    return [f"What was said cannot be read, and is unknown: {problem}" for problem in moment.history.problems]


def _until(history: History, last: dt.date | None) -> History:
    if last is None:
        return history
    return replace(
        history,
        check_ins=tuple(past for past in history.check_ins if history.local_date(past) <= last),
        decisions=tuple(past for past in history.decisions if past.local_date <= last),
        clearances=tuple(past for past in history.clearances if past.cleared_utc.date() <= last),
    )


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=2), dt.time(), dt.UTC)
