"""`study.toml`: what was decided about a study before it was analysed."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import zone

FILE_NAME = "study.toml"
SCHEMA_VERSION = 2  # of the folder; older ones are brought up to date by migrations.py


class SettingsError(SciatrackError, ValueError):
    """A study.toml that cannot be used; says which key, its value and what is allowed."""


@dataclass(frozen=True)
class StudySettings:
    """Decisions that change what a report says, so they are fixed before anybody looks at the data.

    timezone        : zone of people and lines that name none.
    day_start       : local time at which a day begins; a session at 03:59 belongs to the day before.
    qualifying_ratio: share of a day's prescribed reps from which the day counts as done.
    target_ratio    : frequency adherence from which a week is at target; 0.8 is a convention, not a finding.
    silence_days    : so many days without a session before the end of observation count as dropped out.
    """

    name: str
    timezone: str
    day_start: dt.time = dt.time(4, 0)
    qualifying_ratio: float = 0.5
    target_ratio: float = 0.8
    silence_days: int = 14
    created_utc: str = ""

    def __post_init__(self) -> None:
        zone(self.timezone)
        for key in ("qualifying_ratio", "target_ratio"):
            if not 0 < getattr(self, key) <= 1:
                raise SettingsError(f"{key} is {getattr(self, key)}; it must be above 0 and at most 1")
        if self.silence_days < 1:
            raise SettingsError(f"silence_days is {self.silence_days}; it must be at least 1")

    @property
    def day_start_minutes(self) -> int:
        return self.day_start.hour * 60 + self.day_start.minute


def write_settings(folder: Path, settings: StudySettings) -> None:
    """study.toml with a line of explanation above each key; refuses to overwrite one."""
    text = f"""# What was decided about this study. After a change: sciatrack study rebuild FOLDER
schema_version = {SCHEMA_VERSION}
name = {json.dumps(settings.name, ensure_ascii=False)}
created_utc = "{settings.created_utc}"

# Zone of lines that name none; a session's own zone always wins.
timezone = "{settings.timezone}"
# A local day begins at this time: a session at 03:59 belongs to the day before.
day_start = "{settings.day_start:%H:%M}"

# Share of a day's prescribed repetitions from which the day counts as done.
qualifying_ratio = {settings.qualifying_ratio}
# Frequency adherence from which a week is at target (a convention; fix it before you look at the data).
target_ratio = {settings.target_ratio}
# So many days without a session before the end of observation count as dropped out.
silence_days = {settings.silence_days}
"""
    handle = os.open(folder / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def read_settings(folder: Path) -> StudySettings:
    """The settings of a study folder; raises SettingsError where there is none or a key cannot be used."""
    body = _body(folder)
    path = folder / FILE_NAME
    version = body.pop("schema_version", None)
    if isinstance(version, int) and 0 < version < SCHEMA_VERSION:
        hint = f"Bring it up to date with: sciatrack study rebuild {folder}"
        raise SettingsError(f"{path}: schema_version is {version}; this software reads {SCHEMA_VERSION}. {hint}")
    if version != SCHEMA_VERSION:
        hint = "Update sciatrack."
        raise SettingsError(f"{path}: schema_version is {version!r}; this software reads {SCHEMA_VERSION}. {hint}")
    try:
        return _settings(body)
    except KeyError as error:
        raise SettingsError(f"{path}: the key {error} is missing") from None
    except (TypeError, ValueError, SciatrackError) as error:
        raise SettingsError(f"{path}: {error}") from None


def found_version(folder: Path) -> Any:
    """Which version a study folder says it is of; None where it says nothing."""
    return _body(folder).get("schema_version")


def _body(folder: Path) -> dict[str, Any]:
    path = folder / FILE_NAME
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = f"Make one with: sciatrack study create {folder}"
        raise SettingsError(f"{folder} is not a study: {FILE_NAME} is not there. {hint}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


def _settings(body: dict[str, Any]) -> StudySettings:
    known = StudySettings.__dataclass_fields__
    unknown = [key for key in body if key not in known]
    if unknown:
        raise ValueError(f"the key {unknown[0]} is not known; those are {', '.join(known)}")
    body["day_start"] = parse_day_start(str(body.get("day_start", "04:00")))
    body["name"], body["timezone"] = str(body["name"]), str(body["timezone"])
    return StudySettings(**body)


def parse_day_start(text: str) -> dt.time:
    """HH:MM before noon; raises ValueError with what is allowed."""
    match = re.fullmatch(r"([01]\d):([0-5]\d)", text)
    if not match or int(match[1]) > 11:
        raise ValueError(f"day_start '{text}' is not a time before noon; write it like 04:00")
    return dt.time(int(match[1]), int(match[2]))
