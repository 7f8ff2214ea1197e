"""A recording that is over becomes a finished session: samples decoded, analysed, counted and sealed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sciatrack_ingest.errors import SciatrackError

if TYPE_CHECKING:
    from sciatrack.walk import Walk
    from sciatrack_ingest.decode_session import DecodedLog
    from sciatrack_ingest.recording import Recording
    from sciatrack_ingest.recovery import FinishedSession
    from sciatrack_ingest.sessions import Writer
    from sciatrack_signal.exercises import Exercise
    from sciatrack_signal.result import Analysis


def close_session(folder: Path) -> list[str]:
    """Finish a session folder and analyse it; returns what a person should be told, sentence by sentence.

    The samples are sealed first: whatever becomes of the analysis, the session is whole without it.
    Raises SessionError where nothing can be made of the folder.
    """
    from sciatrack_ingest.recovery import finish_session

    if _only_answered(folder):
        return ["nothing was recorded; the answers and what was decided are kept"]
    finished = finish_session(folder)
    _keep_log(finished)
    return [*_recorded(finished), *_analysed(finished)]


def _keep_log(finished: FinishedSession) -> None:
    """Answers and decisions are in the manifest before anything is analysed."""
    from sciatrack.walked import with_log
    from sciatrack_ingest.sessions import replace_session

    writers = _log_writer(finished.folder)
    if writers:
        replace_session(finished.folder, with_log(finished.manifest, finished.folder), writers)


def _only_answered(folder: Path) -> bool:
    """Finish a folder of answers without samples: what a person said is kept; False where there is more or less."""
    from sciatrack.walked import has_log, manifest_of_log, with_log
    from sciatrack_ingest.sessions import is_session_folder, is_unfinished, replace_session

    if is_session_folder(folder) or is_unfinished(folder) or not has_log(folder):
        return False
    manifest = manifest_of_log(folder)
    if manifest is None:
        return False
    replace_session(folder, with_log(manifest, folder), _log_writer(folder))
    return True


def _log_writer(folder: Path) -> dict[str, Writer]:
    """live.jsonl as a file of the session, where there is one."""
    from sciatrack_analytics.live_log import LIVE_LOG
    from sciatrack_ingest.sessions import copy_writer

    path = folder / LIVE_LOG
    return {LIVE_LOG: copy_writer(path, None)} if path.is_file() else {}


def _recorded(finished: FinishedSession) -> list[str]:
    lines = []
    for sensor in finished.sensors:
        recording = sensor.recording
        lines.append(
            f"{recording.placement}: {recording.n_samples} samples in {recording.duration_s:.1f} s "
            f"({recording.sampling_rate_hz:.1f} Hz), {sensor.lost_percent:.2f} % lost"
            if recording.n_samples
            else f"{recording.placement}: no samples"
        )
        lines += [f"{recording.placement}: {finding.message}" for finding in recording.findings]
    return lines


def _analysed(finished: FinishedSession) -> list[str]:
    """Put the analysis of every sensor into the folder; a failure is told and leaves the samples alone."""
    try:
        return analyse_into(finished, finished.sensors)
    except (SciatrackError, ValueError, ArithmeticError, IndexError) as error:
        return [f"not analysed: {error} (try `sciatrack analyze {finished.folder}`)"]


def analyse_into(finished: FinishedSession, sensors: Sequence[DecodedLog]) -> list[str]:
    """Add reps.parquet and the blocks of the manifest; the blocks found, one line each."""
    from sciatrack.walked import walked, with_log
    from sciatrack_analytics.importing import codes
    from sciatrack_analytics.rep_rows import analysis_blocks, rep_table
    from sciatrack_analytics.software import software
    from sciatrack_analytics.study import session_exercises
    from sciatrack_ingest.sessions import REPS, replace_session, table_writer

    walk = walked(finished.folder)
    exercises = session_exercises(finished.folder)
    recordings = [_named(sensor.recording) for sensor in sensors]
    analyses = [_analysis(recording, walk, exercises) for recording in recordings if recording.n_samples]
    algorithms = {block.algorithm for analysis in analyses for block in analysis.blocks}
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = {
        "algorithm": " ".join(sorted(algorithms)),
        "analysed_utc": now,
        "software": software(),
        "findings": {name: words for recording in recordings for name, words in codes(recording).items()},
        "clock_offset_s": {
            recording.name: sensor.clock_offset_s for recording, sensor in zip(recordings, sensors, strict=True)
        },
    }
    manifest = replace(
        with_log(finished.manifest, finished.folder),
        blocks=tuple(block for analysis in analyses for block in analysis_blocks(analysis)),
        analyses=(*finished.manifest.analyses, entry),
    )
    rows = [row for analysis in analyses for row in analysis.rows()]
    writers = {REPS: table_writer(rep_table(rows))} | _log_writer(finished.folder)
    replace_session(finished.folder, manifest, writers)
    return [
        f"{block.placement}: {block.exercise}, {block.count} reps" + (f" ({block.note})" if block.note else "")
        for analysis in analyses
        for block in analysis.blocks
    ]


def _named(recording: Recording) -> Recording:
    """The recording under the name that it has in its session folder."""
    return replace(recording, name=f"imu-{recording.placement}.parquet")


def _analysis(recording: Recording, walk: Walk | None, exercises: Mapping[str, Exercise]) -> Analysis:
    from sciatrack.walked import analyse_walk
    from sciatrack_signal.pipeline import analyze

    if walk is not None and walk.runs:
        return analyse_walk(recording, walk, exercises)
    return analyze(
        recording,
        exercise=recording.exercise,
        placement=recording.placement,
        side=recording.side,
        exercises=exercises,
    )
