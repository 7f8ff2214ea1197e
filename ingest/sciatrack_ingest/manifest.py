"""`Manifest`: what one session folder says about itself, in `manifest.json`."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from sciatrack_ingest.errors import SciatrackError

SCHEMA_VERSION = 1
PARTICIPANT_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,32}")
# Long enough for a time stamp, a participant of 32 characters and a digest; a folder name on every system.
SESSION_ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,96}")
# A plain name inside the folder: a manifest that came from elsewhere must not point outside it.
FILE_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.[a-z0-9]+")

# The keys of a block that every reader may rely on; the contract's block object without its reps.
BLOCK_KEYS = (
    "recording", "block", "block_start_s", "block_end_s", "exercise", "placement", "side", "observability",
    "note", "sampling_rate_hz", "duration_s", "gaps_s", "algorithm", "count", "count_low", "count_high",
)  # fmt: skip


class SessionError(SciatrackError, ValueError):
    """A session folder that cannot be used; carries `path` and says what is wrong and what to do."""

    def __init__(self, path: object, problem: str, *, hint: str = "") -> None:
        self.path, self.problem, self.hint = str(path), problem, hint
        super().__init__(f"{self.path}: {problem}" + (f" {hint}" if hint else ""))


class PseudonymError(SciatrackError, ValueError):
    """A participant that is not a pseudonym of the allowed form."""


class ZoneError(SciatrackError, ValueError):
    """A time zone that is not in the IANA list."""


@dataclass(frozen=True)
class FileEntry:
    """One file of the folder as it was when the folder was closed; `rows` is None where rows mean nothing."""

    rows: int | None
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What one sitting of one participant left behind.

    start_utc and timezone are the truth, start_local follows from them (it is written out so that no reader
    needs a zone table). `blocks` carry the keys of BLOCK_KEYS: an exercise that the sensor could not see is
    a block without reps, never a missing one. `analyses` grows with each re-analysis; the last one is the
    one in reps.parquet. `origin` says where the numbers come from ("simulated" is said on every report).
    """

    session_id: str
    participant: str
    start_utc: dt.datetime
    timezone: str
    duration_s: float
    origin: str = "recorded"
    device: str = ""
    plan: Mapping[str, Any] | None = None
    blocks: tuple[Mapping[str, Any], ...] = ()
    check_ins: tuple[Mapping[str, Any], ...] = ()
    decisions: tuple[Mapping[str, Any], ...] = ()
    corrections: tuple[Mapping[str, Any], ...] = ()
    analyses: tuple[Mapping[str, Any], ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        check_participant(self.participant)
        if not SESSION_ID_PATTERN.fullmatch(self.session_id):
            raise ValueError(f"session id '{self.session_id}' may hold letters, digits, _ and - (1 to 96)")
        if self.start_utc.tzinfo is None:
            raise ValueError(f"start_utc {self.start_utc} must carry its offset from UTC")
        object.__setattr__(self, "start_utc", self.start_utc.astimezone(dt.UTC))
        zone(self.timezone)
        for block in self.blocks:
            missing = [key for key in BLOCK_KEYS if key not in block]
            if missing:
                raise ValueError(f"a block lacks {', '.join(missing)}")

    @property
    def start_local(self) -> dt.datetime:
        """The wall clock where the session was recorded, without an offset."""
        return local_time(self.start_utc, self.timezone)

    def with_files(self, files: Mapping[str, FileEntry]) -> Manifest:
        return replace(self, files=dict(files))


def check_participant(text: str) -> str:
    """The text itself if it is a pseudonym of the allowed form; raises PseudonymError if it is not."""
    if not PARTICIPANT_PATTERN.fullmatch(text):
        raise PseudonymError(
            f"participant '{text}' is not a pseudonym: use 1 to 32 letters, digits, _ or -, and no name, "
            "birth date or hospital number."
        )
    return text


def session_id_for(participant: str, start_utc: dt.datetime, digest: str) -> str:
    """`P01-20260302T173000Z-1f3a9c2e`: folders sort by participant, then time; the same samples, the same id."""
    return f"{participant}-{start_utc.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}-{digest[:8]}"


def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; raises ZoneError with an example."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ZoneError(f"time zone '{name}' is not known; write it like Europe/Berlin or UTC.") from None


def local_time(utc: dt.datetime, timezone: str) -> dt.datetime:
    """The wall clock of a zone at an instant, without an offset."""
    return utc.astimezone(zone(timezone)).replace(tzinfo=None)


def to_json(manifest: Manifest) -> str:
    """The text of manifest.json: stable order, one line a key, UTF-8, times as ISO 8601."""
    body: dict[str, Any] = {
        "schema_version": manifest.schema_version,
        "session_id": manifest.session_id,
        "participant": manifest.participant,
        "start_utc": utc_to_text(manifest.start_utc),
        "start_local": manifest.start_local.isoformat(),
        "timezone": manifest.timezone,
        "duration_s": manifest.duration_s,
        "origin": manifest.origin,
        "device": manifest.device,
        "plan": manifest.plan,
    }
    for name in ("blocks", "check_ins", "decisions", "corrections", "analyses"):
        body[name] = [dict(item) for item in getattr(manifest, name)]
    body["software"] = dict(manifest.software)
    body["files"] = {name: vars(entry) for name, entry in sorted(manifest.files.items())}
    return json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, path: object = "manifest.json") -> Manifest:
    """The manifest that a text says; raises SessionError naming the key that is missing or wrong."""
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise SessionError(path, f"not JSON (line {error.lineno}, column {error.colno}: {error.msg}).") from None
    if not isinstance(body, dict):
        raise SessionError(path, "a manifest is a JSON object.")
    version = body.get("schema_version")
    if version != SCHEMA_VERSION:
        problem = f"schema_version is {version!r}; this software reads {SCHEMA_VERSION}."
        raise SessionError(path, problem, hint="Update sciatrack.")
    try:
        return _manifest(body)
    except KeyError as error:
        raise SessionError(path, f"the key {error} is missing.") from None
    except (TypeError, ValueError, AttributeError, SciatrackError) as error:
        raise SessionError(path, f"{error}") from None


def _manifest(body: dict[str, Any]) -> Manifest:
    files = {}
    for name, entry in body["files"].items():
        if not FILE_NAME_PATTERN.fullmatch(name):
            raise ValueError(f"file name '{name}' is not a plain name inside the folder")
        files[name] = FileEntry(entry["rows"], int(entry["size_bytes"]), str(entry["sha256"]))
    manifest = Manifest(
        session_id=str(body["session_id"]),
        participant=str(body["participant"]),
        start_utc=text_to_utc(body["start_utc"]),
        timezone=str(body["timezone"]),
        duration_s=float(body["duration_s"]),
        origin=str(body.get("origin", "recorded")),
        device=str(body.get("device", "")),
        plan=body.get("plan"),
        blocks=_items(body, "blocks"),
        check_ins=_items(body, "check_ins"),
        decisions=_items(body, "decisions"),
        corrections=_items(body, "corrections"),
        analyses=_items(body, "analyses"),
        software=dict(body.get("software", {})),
        files=files,
    )
    if body["start_local"] != manifest.start_local.isoformat():
        raise ValueError(
            f"start_local {body['start_local']} does not fit {utc_to_text(manifest.start_utc)} in "
            f"{manifest.timezone}, which is {manifest.start_local.isoformat()}"
        )
    return manifest


def _items(body: dict[str, Any], name: str) -> tuple[dict[str, Any], ...]:
    return tuple(dict(item) for item in body.get(name, ()))


def utc_to_text(moment: dt.datetime) -> str:
    """2026-03-29T01:30:00Z; fractions of a second only where there are any."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"


def text_to_utc(text: str) -> dt.datetime:
    """An instant from ISO 8601 with Z or an offset; raises ValueError where the offset is missing."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time '{text}' has no offset from UTC; write it like 2026-03-29T01:30:00Z")
    return moment.astimezone(dt.UTC)
