"""From raw logs to a finished session: at the end of a recording, and after a crash by the same steps.

Everything is made beside the old files and put in place at once; a second crash in the middle changes nothing. The
raw logs are written anew with an index and the gaps that decoding found, and compared packet by packet before they
replace the old ones. A log that was damaged, not just cut off, is kept as `torn-<name>`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from sciatrack_ingest import sessions
from sciatrack_ingest.decode_session import DecodedLog, decode_log
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.imu_file import imu_writers
from sciatrack_ingest.manifest import Manifest, SessionError, check_participant, text_to_utc, utc_to_text, zone
from sciatrack_ingest.rawcopy import write_whole
from sciatrack_ingest.rawlog import FIT_CHECK, RAW_NAME, RawHeader, RawLogError, is_being_written
from sciatrack_ingest.rawread import RawLog, read_raw_or_nothing

# The names that recordings get: participant, start, some letters; after a crash the folder may tell nothing else.
FOLDER_NAME = re.compile(r"(?P<participant>[A-Za-z0-9_-]{1,32})-(?P<start>\d{8}T\d{6}Z)-[0-9a-f]+")
TORN = "torn-"
AUTHOR = "sciatrack recover"


@dataclass(frozen=True)
class FinishedSession:
    """A session folder that is whole, and what became of it.

    sensors  : what was decoded, one for each readable raw log; empty for a folder that was finished already
    missing  : one sentence for everything that was lost or is wrong; empty if nothing is
    """

    folder: Path
    manifest: Manifest
    sensors: tuple[DecodedLog, ...]
    missing: tuple[str, ...]
    was_finished: bool


@dataclass(frozen=True)
class _Sensor:
    """One raw log: what was read, what was decoded (None: nothing can be), and what is missing."""

    raw: RawLog
    decoded: DecodedLog | None
    missing: tuple[str, ...]


def finish_session(folder: Path) -> FinishedSession:
    """Make a finished session of a folder with raw logs; a finished one is only looked at.

    Raises SessionError where there is nothing to finish, or somebody still records into it.
    """
    sessions.finish_interrupted(folder)
    if sessions.is_session_folder(folder):
        manifest = sessions.read_manifest(folder)
        return FinishedSession(folder, manifest, (), tuple(sessions.verify_session(folder)), True)
    paths = sorted(path for path in folder.glob(sessions.RAW_LOGS) if RAW_NAME.fullmatch(path.name))
    if not paths:
        raise SessionError(folder, "there is no raw log in it, so there is nothing to recover.")
    for path in paths:
        if is_being_written(path):
            raise SessionError(folder, f"{path.name} is being recorded.", hint="Stop that recording first.")
    found = [_read(path) for path in paths]
    manifest = _manifest(folder, found)
    writers: dict[str, sessions.Writer] = {}
    for sensor in found:
        writers |= _writers(sensor)
    sessions.replace_session(folder, manifest, writers)
    decoded = tuple(sensor.decoded for sensor in found if sensor.decoded is not None)
    missing = tuple(sentence for sensor in found for sentence in sensor.missing)
    return FinishedSession(folder, sessions.read_manifest(folder), decoded, missing, False)


def _read(path: Path) -> _Sensor:
    """One raw log with everything that can be made of it."""
    raw = read_raw_or_nothing(path)
    missing = tuple(f"{path.name}: {problem}" for problem in raw.problems)
    try:
        decoded = decode_log(raw)
    except SciatrackError as error:
        problem = error.problem if isinstance(error, RawLogError) else str(error)
        return _Sensor(raw, None, (*missing, f"{path.name}: no samples can be made of it: {problem}"))
    return _Sensor(raw, decoded, (*missing, *_lost_words(raw, decoded)))


def _lost_words(raw: RawLog, decoded: DecodedLog) -> list[str]:
    """What is missing among the samples, in words."""
    words = []
    if decoded.recording.n_samples == 0:
        words.append(f"{raw.path.name}: no samples came from this sensor.")
    elif not raw.finished:
        until_s = decoded.recording.time_s[-1]
        words.append(
            f"{raw.path.name}: everything until {until_s:.1f} s is there; what came within a second before the "
            "recording was cut off may be missing."
        )
    if decoded.gaps:
        count = "1 gap" if len(decoded.gaps) == 1 else f"{len(decoded.gaps)} gaps"
        words.append(
            f"{raw.path.name}: {decoded.lost_samples} samples ({decoded.lost_percent:.2f} %) were lost in {count}."
        )
    return words


def _manifest(folder: Path, found: Sequence[_Sensor]) -> Manifest:
    """The manifest of a folder that has none, from the headers of its logs or, failing these, from its name."""
    header = next((sensor.raw.header for sensor in found if sensor.raw.header), None) or _header_from_name(folder)
    if header is None:
        raise SessionError(
            folder, "neither a raw log nor the folder's name tells participant and start.",
            hint="Name the folder like P01-20260302T173000Z-1f3a9c2e and try again.",
        )  # fmt: skip
    recordings = [sensor.decoded.recording for sensor in found if sensor.decoded]
    ends_s = [float(recording.time_s[-1]) for recording in recordings if recording.n_samples]
    torn = [sentence for sensor in found if not sensor.raw.finished for sentence in sensor.missing]
    try:
        return Manifest(
            session_id=folder.name,
            participant=check_participant(header.participant),
            start_utc=text_to_utc(header.start_utc),
            timezone=zone(header.timezone).key,
            duration_s=max([0.0, *ends_s]),
            origin=header.origin,
            device="; ".join(f"{r.placement or '?'}: {r.source}" for r in recordings),
            plan=_plan(header.plan),
            decisions=tuple(check for sensor in found for check in _fit_checks(sensor.raw)),
            corrections=(_correction(torn),) if torn else (),
            software=_software(),
        )
    except (ValueError, SciatrackError) as error:
        raise SessionError(folder, f"its raw log cannot be used: {error}") from error


def _header_from_name(folder: Path) -> RawHeader | None:
    match = FOLDER_NAME.fullmatch(folder.resolve().name)
    if match is None:
        return None
    try:
        start = dt.datetime.strptime(match["start"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return RawHeader("", "", match["participant"], folder.name, utc_to_text(start), 0)


def _plan(text: str) -> Mapping[str, Any] | None:
    try:
        plan = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return plan if isinstance(plan, dict) else None


def _fit_checks(raw: RawLog) -> list[dict[str, Any]]:
    """What the fit check said of a sensor, as its log keeps it; a damaged log may hold what no manifest can."""
    checks: list[dict[str, Any]] = [
        {"rule": FIT_CHECK, **event.data} for event in raw.events if event.kind == FIT_CHECK
    ]
    return [check for check in checks if _is_json(check)]


def _is_json(body: Mapping[str, Any]) -> bool:
    try:
        json.dumps(body, allow_nan=False)
    except (ValueError, RecursionError):
        return False
    return True


def _correction(torn: Sequence[str]) -> dict[str, str]:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return {"at_utc": utc_to_text(now), "author": AUTHOR, "reason": " ".join(torn)}


def _software() -> dict[str, str]:
    try:
        return {"sciatrack": metadata.version("sciatrack")}
    except metadata.PackageNotFoundError:
        return {}


def _writers(sensor: _Sensor) -> dict[str, sessions.Writer]:
    """The files that a raw log leaves in a finished session."""
    raw, decoded = sensor.raw, sensor.decoded
    name = raw.path.name
    if raw.header is None or decoded is None:
        return {name: sessions.copy_writer(raw.path, None)}
    writers: dict[str, sessions.Writer] = {name: lambda path: write_whole(raw, decoded.gaps, path, sensor.missing)}
    if raw.damaged:
        writers[TORN + name] = sessions.copy_writer(raw.path, None)
    if decoded.recording.n_samples:
        writers |= imu_writers(decoded.recording)
    return writers
