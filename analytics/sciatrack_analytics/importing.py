"""A recording becomes a session: analysed, with its samples, check-sums and the software that did it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sciatrack_analytics.rep_rows import analysis_blocks, analysis_table
from sciatrack_analytics.software import software
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.imu_file import imu_writers, recording_digest
from sciatrack_ingest.manifest import Manifest, check_participant, session_id_for, zone
from sciatrack_ingest.recording import Recording
from sciatrack_ingest.sessions import REPS, Writer, table_writer

if TYPE_CHECKING:
    from sciatrack_signal.exercises import Exercise


T = TypeVar("T")


class IncompleteRecordingError(SciatrackError, ValueError):
    """A recording that does not say what a session needs; names the option that says it."""


def session_of(
    recording: Recording,
    *,
    participant: str | None = None,
    exercise: str | None = None,
    placement: str | None = None,
    side: str | None = None,
    start_utc: dt.datetime | None = None,
    timezone: str | None = None,
    default_timezone: str | None = None,
    catalogue: Mapping[str, Exercise] | None = None,
    origin: str = "recorded",
) -> tuple[Manifest, dict[str, Writer]]:
    """Analyse a recording and make a session of it: its manifest, and the writers of its files.

    What is given here wins over what the recording says; `default_timezone` is for recordings that name none.
    The session id comes from the samples, so the same measurement imported twice is one session.
    Raises IncompleteRecordingError where nobody says who, when or in which zone.
    """
    from sciatrack_signal.pipeline import analyze

    labelled = _without_file_name(recording, placement).with_labels(
        participant=participant, placement=placement, side=side, exercise=exercise,
        start_utc=start_utc, timezone=timezone,
    )  # fmt: skip
    who = check_participant(_needed(labelled.participant, recording, "participant", "--participant P01"))
    _needed(labelled.placement, recording, "placement", "--placement right_thigh")
    when = _needed(labelled.start_utc, recording, "start", "--start 2026-03-02T18:30")
    where = _needed(labelled.timezone or default_timezone, recording, "time zone", "--timezone Europe/Berlin")
    zone(where)
    analysis = analyze(labelled, exercise=exercise, placement=placement, side=side, exercises=catalogue)
    algorithms = " ".join(sorted({block.algorithm for block in analysis.blocks}))
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    manifest = Manifest(
        session_id=session_id_for(who, when, recording_digest(labelled)),
        participant=who,
        start_utc=when,
        timezone=where,
        duration_s=labelled.duration_s,
        origin=origin,
        device="" if labelled.source == "contract" else labelled.source,
        blocks=analysis_blocks(analysis),
        analyses=(
            {"algorithm": algorithms, "analysed_utc": now, "software": software(), "findings": codes(labelled)},
        ),
        software=software(),
    )
    labelled = labelled.with_labels(participant=who, timezone=where)
    return manifest, imu_writers(labelled) | {REPS: table_writer(analysis_table(analysis))}


def codes(recording: Recording) -> dict[str, list[str]]:
    """What was noticed of a recording, as it stands in a manifest: the stable words, by the recording's name."""
    return {recording.name: sorted({finding.code for finding in recording.findings})}


def _without_file_name(recording: Recording, placement: str | None) -> Recording:
    """The recording under the name it has in a session: a file's own name may say who the person is."""
    stem = Path(recording.name).stem
    provenance = tuple(line.replace(stem, "the file") if stem else line for line in recording.provenance)
    name = f"imu-{placement or recording.placement}.parquet"
    return replace(recording, name=name, provenance=provenance)


def _needed(value: T | None, recording: Recording, what: str, option: str) -> T:
    if value is None:
        name = recording.name or "the recording"
        raise IncompleteRecordingError(f"{name} does not say its {what}; give it with {option}")
    return value
