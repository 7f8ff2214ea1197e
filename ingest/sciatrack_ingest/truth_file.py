"""Truth files: what one annotator marked on one recording, as JSON beside it (docs/annotating.md).

    NAME.truth-<annotator>.json

A file is checked whole when it is read and when it is written; it is replaced by rename, so a reader sees the old
one or the new one and nothing between.
"""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.recording import PLACEMENTS, SIDES

FORMAT, VERSION = "sciatrack-truth", 1
ANNOTATOR = re.compile(r"[A-Za-z0-9_-]{1,32}")
MARKS = ("start_s", "hold_start_s", "hold_end_s", "end_s")
# A film's clock and a sensor's differ by some parts in ten thousand; a larger rate is a wrong point.
RATE_LIMIT = 0.02
NOTE_CHARACTERS = 500


class TruthFileError(SciatrackError):
    """A truth file, or what shall become one, that says something impossible."""


@dataclass(frozen=True)
class TruthRep:
    """One rep as marked, seconds on the recording's clock; both hold moments None where there was no hold."""

    start_s: float
    hold_start_s: float | None
    hold_end_s: float | None
    end_s: float
    side: str = "unknown"
    complete: bool = True
    note: str = ""

    @property
    def hold_s(self) -> float | None:
        """Seconds of the hold; None without one."""
        if self.hold_start_s is None or self.hold_end_s is None:
            return None
        return self.hold_end_s - self.hold_start_s


@dataclass(frozen=True)
class ClockPoint:
    """One moment on both clocks."""

    video_s: float
    recording_s: float


@dataclass(frozen=True)
class Truth:
    """All that one annotator says of one recording.

    recording : its file name. blind : the analysis was never shown while marking. open_marks : the moments of a rep
    that is not finished, in order. revision : counts what was saved. video_points : none, one (an offset) or two
    (offset and drift).
    """

    recording: str
    annotator: str
    reps: tuple[TruthRep, ...] = ()
    exercise: str = ""
    placement: str = ""
    side: str = "unknown"
    blind: bool = True
    open_marks: tuple[float, ...] = ()
    video: str = ""
    video_points: tuple[ClockPoint, ...] = ()
    duration_s: float | None = None
    saved_utc: str = ""
    revision: int = 0


def truth_path(recording: Path, annotator: str) -> Path:
    """Where an annotator's file of a recording stands: beside it; beside the folder of a session."""
    place = recording.parent if (recording.parent / "manifest.json").exists() else recording
    stem = recording.stem if place is recording else f"{place.name}-{recording.stem}"
    return place.parent / f"{stem}.truth-{annotator}.json"


def find_truth(folder: Path) -> Iterator[Path]:
    """All truth files in a folder and below, sorted."""
    return iter(sorted(path for path in folder.rglob("*.truth-*.json") if path.is_file()))


def read_truth(path: Path) -> Truth:
    """Raises TruthFileError with the file and what is wrong in it."""
    try:
        return from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TruthFileError) as error:
        raise TruthFileError(f"{path}: {error}") from error


def write_truth(truth: Truth, path: Path) -> None:
    """Replaces the file as a whole. Raises TruthFileError for what is impossible, OSError where it can't write."""
    check(truth)
    text = json.dumps(to_dict(truth), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def to_dict(truth: Truth) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, **asdict(truth)}


def from_dict(raw: object) -> Truth:
    """Checks everything. Raises TruthFileError."""
    if not isinstance(raw, Mapping) or raw.get("format") != FORMAT:
        raise TruthFileError(f'no truth file: "format" is not "{FORMAT}"')
    if raw.get("version") != VERSION:
        raise TruthFileError(f"version {raw.get('version')!r} is not {VERSION}, which this software reads")
    given = {field.name: raw[field.name] for field in fields(Truth) if field.name in raw}
    for name, kind in (("reps", TruthRep), ("video_points", ClockPoint)):
        given[name] = tuple(_made(kind, part, f"{name} {k + 1}") for k, part in enumerate(_list(raw, name)))
    given["open_marks"] = tuple(_list(raw, "open_marks"))
    truth: Truth = _made(Truth, given, "the file")
    check(truth)
    return truth


def _list(raw: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = raw.get(name, [])
    if not isinstance(value, list | tuple):
        raise TruthFileError(f"{name} is no list")
    return value


def _made(kind: type[Any], part: object, where: str) -> Any:
    if not isinstance(part, Mapping):
        raise TruthFileError(f"{where}: no object")
    known = {field.name for field in fields(kind)}
    try:
        return kind(**{name: value for name, value in part.items() if name in known})
    except TypeError as error:
        raise TruthFileError(f"{where}: {str(error).partition('() ')[2]}") from error


def check(truth: Truth) -> None:
    """Raises TruthFileError for the first thing that can not be."""
    if not isinstance(truth.annotator, str) or not ANNOTATOR.fullmatch(truth.annotator):
        raise TruthFileError("the annotator is a pseudonym of 1 to 32 letters, digits, - or _")
    for name in ("recording", "exercise", "placement", "side", "video", "saved_utc"):
        if not isinstance(getattr(truth, name), str):
            raise TruthFileError(f"{name} is no text")
    if truth.placement not in ("", *PLACEMENTS) or truth.side not in SIDES:
        raise TruthFileError(f"placement {truth.placement!r} or side {truth.side!r} is no word of the contract")
    if not isinstance(truth.blind, bool) or not isinstance(truth.revision, int):
        raise TruthFileError("blind is true or false, revision a whole number")
    for k, rep in enumerate(truth.reps, 1):
        _check_rep(rep, f"rep {k}")
    for k, (a, b) in enumerate(pairwise(truth.reps), 1):
        if b.start_s < a.end_s:
            raise TruthFileError(f"rep {k + 1} begins before rep {k} is over")
    if len(truth.open_marks) >= len(MARKS) or not _rising(truth.open_marks):
        raise TruthFileError("open_marks are up to three rising moments")
    clock_rate(truth.video_points)


def _check_rep(rep: TruthRep, where: str) -> None:
    if (rep.hold_start_s is None) != (rep.hold_end_s is None):
        raise TruthFileError(f"{where}: a hold has a beginning and an end, or neither")
    moments = [getattr(rep, name) for name in MARKS]
    if not _rising([moment for moment in moments if moment is not None]):
        raise TruthFileError(f"{where}: its moments are no rising numbers of seconds")
    if rep.side not in SIDES or not isinstance(rep.complete, bool):
        raise TruthFileError(f"{where}: side {rep.side!r} or complete {rep.complete!r} is no word of the contract")
    if not isinstance(rep.note, str) or len(rep.note) > NOTE_CHARACTERS:
        raise TruthFileError(f"{where}: the note is no text of up to {NOTE_CHARACTERS} characters")


def _rising(moments: Sequence[object]) -> bool:
    numbers = [m for m in moments if isinstance(m, int | float) and not isinstance(m, bool) and math.isfinite(m)]
    return len(numbers) == len(moments) and all(a < b for a, b in pairwise(numbers))


def clock_rate(points: Sequence[ClockPoint]) -> float:
    """Video seconds a recording second: 1 with fewer than two points. Raises TruthFileError if no clock goes so."""
    for k, point in enumerate(points, 1):
        if not _rising([point.video_s]) or not _rising([point.recording_s]):
            raise TruthFileError(f"video point {k}: both moments are numbers of seconds")
    if len(points) < 2:
        return 1.0
    if len(points) > 2:
        raise TruthFileError("one video point gives an offset, two give offset and drift; there are more")
    first, second = points
    apart_s = second.recording_s - first.recording_s
    rate = (second.video_s - first.video_s) / apart_s if apart_s else math.nan
    if not abs(rate - 1.0) <= RATE_LIMIT:
        raise TruthFileError(
            f"by the two video points one second of the recording is {rate:.3f} s of film: one of them is wrong"
        )
    return rate


def video_s(points: Sequence[ClockPoint], recording_s: float) -> float | None:
    """A moment of the recording on the film's clock; None without a point."""
    if not points:
        return None
    return points[0].video_s + (recording_s - points[0].recording_s) * clock_rate(points)
