"""`read_history`: everything a study folder knows of a person that bears on a new session.

Finished sessions speak through their manifests. A session that was cut off has no manifest yet; its live.jsonl is
read in its place, so a red flag outlives the crash that followed it. Nothing is read from the index.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sciatrack_analytics.answers import Answers, answers_from
from sciatrack_analytics.checkins import NERVE_SYMPTOMS, CheckInError, row_from_csv
from sciatrack_analytics.csv_file import read_table
from sciatrack_analytics.csv_tables import CHECKINS, CLEARANCES, KNOWN_SIGN_LIST, TOLERANCES, Table
from sciatrack_analytics.live_log import read_live_log, said_in
from sciatrack_analytics.safety_history import Clearance, History, PastDecision, Tolerance
from sciatrack_analytics.settings import FILE_NAME, read_settings
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import local_time, text_to_utc
from sciatrack_ingest.sessions import MANIFEST, read_manifest, session_folders

SESSIONS = "sessions"
DAY_START = dt.time(4, 0)  # that of a new study


@dataclass
class _Found:
    """What has been read so far."""

    check_ins: list[Answers] = field(default_factory=list)
    decisions: list[PastDecision] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_history(
    folder: Path, participant: str, *, without: str = "", only: Collection[Path] | None = None
) -> History:
    """The history of a participant from a study folder, or from a folder of sessions (in a study or not).

    without : the session that goes on now, which is no past one
    only    : session folders to read; all where None

    Raises TableFileError or SettingsError where a list of the study cannot be read: whom a clinician has cleared
    is then unknown. A session that cannot be read is told in `problems`.
    """
    study = _study_of(folder)
    sessions = study / SESSIONS if study else folder
    settings = read_settings(study) if study else None
    day_start = settings.day_start if settings else DAY_START
    found = _Found()
    for path in session_folders(sessions) if only is None else only:
        if path.name != without:
            _read_session(path, participant, day_start, found)
    if study is None:
        return _history(found, day_start)
    zone = settings.timezone if settings else "UTC"
    for row in _lines(study, CHECKINS, participant):
        found.check_ins.append(_past_answers(row_from_csv(row, zone) | {"timezone": row["timezone"] or zone}, zone))
    return _history(
        found,
        day_start,
        clearances=tuple(
            Clearance(row["rule"], _utc(row["cleared_utc"]), row["clinician"])
            for row in _lines(study, CLEARANCES, participant)
        ),
        known_signs=_known_signs(_lines(study, KNOWN_SIGN_LIST, participant)),
        tolerance=_tolerance(_lines(study, TOLERANCES, participant)),
    )


def _history(found: _Found, day_start: dt.time, **rest: Any) -> History:
    return History(
        check_ins=tuple(sorted(found.check_ins, key=lambda said: said.at_utc)),
        decisions=tuple(sorted(found.decisions, key=lambda past: past.at_utc)),
        problems=tuple(found.problems),
        day_start=day_start,
        **rest,
    )


def _study_of(folder: Path) -> Path | None:
    """The study that a folder is, or whose sessions it holds."""
    folder = folder.absolute()
    if (folder / FILE_NAME).is_file():
        return folder
    return folder.parent if folder.name == SESSIONS and (folder.parent / FILE_NAME).is_file() else None


def _read_session(path: Path, participant: str, day_start: dt.time, found: _Found) -> None:
    try:
        if (path / MANIFEST).is_file():
            _read_finished(path, participant, day_start, found)
        else:
            _read_log(path, participant, day_start, found)
    except (SciatrackError, OSError) as error:
        if path.name.startswith(f"{participant}-"):
            found.problems.append(str(error))


def _read_finished(path: Path, participant: str, day_start: dt.time, found: _Found) -> None:
    # most folders are of other people: looking for the name costs a tenth of parsing
    if json.dumps(participant).encode() not in (path / MANIFEST).read_bytes():
        return
    manifest = read_manifest(path)
    if manifest.participant == participant:
        _take(path.name, manifest.check_ins, manifest.decisions, manifest.timezone, day_start, found)


def _read_log(path: Path, participant: str, day_start: dt.time, found: _Found) -> None:
    lines, unreadable = read_live_log(path)
    session: dict[str, Any] = next((line.get("session", {}) for line in lines if line.get("kind") == "begin"), {})
    if session.get("participant") != participant:
        return
    if unreadable:
        found.problems.append(f"{path}: {unreadable} lines of its live log cannot be read.")
    said = said_in(lines)
    timezone = str(session.get("timezone", "UTC"))
    _take(path.name, said.check_ins, said.decisions, timezone, day_start, found)


def _take(
    name: str,
    check_ins: Iterable[Mapping[str, Any]],
    decisions: Iterable[Mapping[str, Any]],
    timezone: str,
    day_start: dt.time,
    found: _Found,
) -> None:
    """Add what one session says; an item that cannot be read is a problem and stops no other."""
    for item in check_ins:
        try:
            found.check_ins.append(_past_answers(item, timezone))
        except CheckInError as error:
            found.problems.append(f"session {name}: {error}")
    for item in decisions:
        if "action" not in item:
            continue  # no safety rule
        try:
            at_utc = text_to_utc(str(item["at_utc"]))
            rule, action = str(item["rule"]), str(item["action"])
        except (KeyError, ValueError) as error:
            found.problems.append(f"session {name}: a decision cannot be read: {error}")
            continue
        local = local_time(at_utc, timezone) - dt.timedelta(hours=day_start.hour, minutes=day_start.minute)
        found.decisions.append(PastDecision(rule, action, at_utc, local.date()))


def _past_answers(item: Mapping[str, Any], timezone: str) -> Answers:
    """A check-in as it was stored, of which only what rules look at is read."""
    kept = {name: item.get(name) for name in Answers.__dataclass_fields__}
    kept["at_utc"] = _utc_text(kept["at_utc"])
    kept["phase"] = kept["phase"] or "diary"
    kept["timezone"] = kept["timezone"] or timezone
    words = str(kept["other_symptoms"] or "").split()
    if any(word not in (*NERVE_SYMPTOMS, "none") for word in words):
        kept["other_symptoms"] = None  # in a person's own words
    return answers_from(kept)


def _utc_text(value: Any) -> Any:
    return value.isoformat() + "Z" if isinstance(value, dt.datetime) and value.tzinfo is None else value


def _lines(study: Path, table: Table, participant: str) -> list[dict[str, Any]]:
    """A person's lines of one list; none where the study is older than the list."""
    path = study / table.file_name
    if not path.is_file():
        return []
    return [row for _, row in read_table(path, table) if row["participant"] == participant]


def _known_signs(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Who recorded each sign that is known; the last line of a sign stands."""
    last = {row["sign"]: row for row in rows}
    return {sign: row["author"] for sign, row in last.items() if row["state"] == "known"}


def _tolerance(rows: list[dict[str, Any]]) -> Tolerance | None:
    """What a clinician allows; 0 takes an earlier line back."""
    if not rows or rows[-1]["nrs"] == 0:
        return None
    return Tolerance(rows[-1]["nrs"], rows[-1]["author"], rows[-1]["reason"])


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)
