"""What is said about a recording beside its samples: by options, by a sidecar, by the export itself."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypedDict

from sciatrack_ingest.errors import RecordingError, RecordingFileError
from sciatrack_ingest.recording import PLACEMENTS, SIDES
from sciatrack_ingest.units import acc_unit, gyr_unit

PARTICIPANT = re.compile(r"[A-Za-z0-9_-]{1,32}")
EXERCISE = re.compile(r"[a-z][a-z0-9_]{0,63}")
SIDECAR_KEYS = frozenset(
    {"units", "sampling_rate_hz", "exercise", "placement", "side", "participant", "start_utc", "timezone"}
)


class Overrides(TypedDict, total=False):
    """The keyword arguments of `read`, which are also the options of the command line."""

    units_acc: str | None
    units_gyr: str | None
    rate: float | None
    exercise: str | None
    placement: str | None
    side: str | None
    participant: str | None
    start_utc: dt.datetime | str | None
    timezone: str | None


@dataclass(frozen=True)
class Labels:
    """All that can be said of a recording; None is "not said". `origin` tells where each word came from."""

    units_acc: str | None = None
    units_gyr: str | None = None
    rate: float | None = None
    exercise: str | None = None
    placement: str | None = None
    side: str | None = None
    participant: str | None = None
    start_utc: dt.datetime | None = None
    timezone: str | None = None
    origin: tuple[tuple[str, str], ...] = ()

    def over(self, weaker: Labels) -> Labels:
        """These labels, and the weaker ones where these say nothing."""
        merged = {name: _first(getattr(self, name), getattr(weaker, name)) for name in _NAMES}
        origin: dict[str, str] = {}
        for labels in (weaker, self):
            origin |= {name: said for name, said in labels.origin if getattr(labels, name) is not None}
        return Labels(**merged, origin=tuple(sorted(origin.items())))

    def origin_of(self, name: str) -> str:
        return dict(self.origin).get(name, "unknown")


_NAMES = tuple(field.name for field in fields(Labels) if field.name != "origin")


def _first(strong: Any, weak: Any) -> Any:
    return weak if strong is None else strong


def labels_from(values: Mapping[str, Any], origin: str) -> Labels:
    """Checked labels. Raises RecordingError that names the key, the value and what would be right."""
    checked = {name: _CHECKS[name](name, value) for name, value in values.items() if value is not None}
    return Labels(**checked, origin=tuple((name, origin) for name in sorted(checked)))


def labels_from_overrides(overrides: Mapping[str, Any]) -> Labels:
    """Checked options. Raises TypeError for an option that `read` does not have."""
    unknown = sorted(set(overrides) - set(_NAMES))
    if unknown:
        raise TypeError(f"read() has no option {unknown[0]!r}; it has {', '.join(_NAMES)}")
    return labels_from(overrides, "option")


def read_sidecar(sidecar: Path) -> tuple[Labels, tuple[str, ...]]:
    """The labels of a sidecar, and the keys in it that nobody reads; nothing of both without the file.

    Raises RecordingFileError naming line or key.
    """
    if not sidecar.is_file():
        return Labels(), ()
    try:
        return labels_from_sidecar(_json_object(sidecar), f"sidecar {sidecar.name}")
    except RecordingError as error:
        raise RecordingFileError(sidecar, f"{error}.") from error


def labels_from_sidecar(content: Mapping[str, Any], origin: str) -> tuple[Labels, tuple[str, ...]]:
    """The labels in the object of a sidecar, and its keys that nobody reads. Raises RecordingError."""
    values = {name: content.get(name) for name in _NAMES if name in SIDECAR_KEYS}
    values["rate"] = content.get("sampling_rate_hz")
    units = content.get("units")
    if units is not None and not isinstance(units, dict):
        raise RecordingError(f'`units` is {units!r}; it is an object such as {{"acc": "g", "gyr": "deg/s"}}')
    values |= {f"units_{sensor}": (units or {}).get(sensor) for sensor in ("acc", "gyr")}
    unread = set(content) - SIDECAR_KEYS
    unread |= {f"units.{key}" for key in set(units or {}) - {"acc", "gyr"}}
    return labels_from(values, origin), tuple(sorted(unread))


def _json_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RecordingFileError(path, f"not valid JSON: {error.msg}.", where=where) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise RecordingFileError(path, f"not JSON in UTF-8: {error}.") from error
    except OSError as error:
        raise RecordingFileError(path, f"cannot be opened: {error.strerror}.") from error
    if not isinstance(content, dict):
        raise RecordingFileError(path, "holds no JSON object.", hint='A sidecar begins with "{".')
    return content


def _word(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RecordingError(f"{name} is {value!r}; it is a text")
    return value.strip()


def _one_of(allowed: tuple[str, ...], name: str, value: Any) -> str:
    word = _word(name, value)
    if word not in allowed:
        raise RecordingError(f"{name} '{word}' is not known; it is one of {', '.join(allowed)}")
    return word


def _pattern(pattern: re.Pattern[str], rule: str, name: str, value: Any) -> str:
    word = _word(name, value)
    if not pattern.fullmatch(word):
        raise RecordingError(f"{name} '{word}' is not allowed; it is {rule}")
    return word


def _rate(name: str, value: Any) -> float:
    try:
        rate_hz = float(value)
    except (TypeError, ValueError, OverflowError):
        rate_hz = float("nan")
    if isinstance(value, bool) or not 0.0 < rate_hz < float("inf"):
        raise RecordingError(f"sampling rate {value!r} is not a number of samples per second above 0")
    return rate_hz


def utc_instant(name: str, value: Any) -> dt.datetime:
    """An aware datetime in UTC from ISO 8601 text or a datetime; without an offset it is UTC by its name."""
    if not isinstance(value, dt.datetime):
        try:
            value = dt.datetime.fromisoformat(_word(name, value))
        except ValueError as error:
            raise RecordingError(f"{name} {value!r} is not a time such as 2026-03-29T08:30:00Z") from error
    try:
        instant: dt.datetime = value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
        return instant.astimezone(dt.UTC)
    except (OverflowError, ValueError) as error:
        raise RecordingError(f"{name} {value!r} lies outside the calendar") from error


def _zone(name: str, value: Any) -> str:
    from zoneinfo import ZoneInfo

    word = _word(name, value)
    try:
        ZoneInfo(word)
    except (KeyError, ValueError, OSError) as error:
        raise RecordingError(f"{name} '{word}' is no IANA time zone such as Europe/Berlin") from error
    return word


_CHECKS: Mapping[str, Any] = {
    "units_acc": acc_unit,
    "units_gyr": gyr_unit,
    "rate": _rate,
    "exercise": lambda n, v: _pattern(EXERCISE, "an exercise id such as glute_bridge", n, v),
    "placement": lambda n, v: _one_of(PLACEMENTS, n, v),
    "side": lambda n, v: _one_of(SIDES, n, v),
    "participant": lambda n, v: _pattern(PARTICIPANT, "1 to 32 letters, digits, _ or -", n, v),
    "start_utc": utc_instant,
    "timezone": _zone,
}
