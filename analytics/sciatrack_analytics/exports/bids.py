"""Motion-BIDS: the samples of every sensor as a BIDS dataset, reps and holds as its events.

After the Brain Imaging Data Structure 1.10 with its motion extension (Jeung et al. 2024, doi
10.1038/s41597-024-03559-8). A BIDS label may only hold letters and digits, so a participant `A_1` becomes
`sub-A1`; participants.tsv keeps the pseudonym. Sessions without samples (imported rep tables) have no place in
BIDS and are named as left out.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sciatrack_analytics.exports.sources import (
    Exported,
    Session,
    check_participant,
    new_folder,
    open_new,
    sessions_of,
    unseen,
)
from sciatrack_analytics.software import software
from sciatrack_analytics.study import Study
from sciatrack_ingest import Recording, read
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import utc_to_text

BIDS_VERSION = "1.10.0"
MISSING = "n/a"
TASK_OF_MANY = "exercises"  # a recording in which more than one exercise was done
CHANNEL_HEADER = (
    "name", "component", "type", "tracked_point", "units", "sampling_frequency", "placement", "reference_frame",
)  # fmt: skip
EVENT_HEADER = (
    "onset", "duration", "trial_type", "exercise", "side", "set", "placement", "rom_deg", "complete", "confidence",
    "hold_s_low", "hold_s_high", "flags",
)  # fmt: skip
EVENT_COLUMNS = {
    "trial_type": {
        "Description": "What the interval is",
        "Levels": {
            "block": "the stretch in which one exercise was done; its reps and holds lie inside",
            "rep": "one repetition: out-move, hold, return",
            "hold": "from the arrival to the departure: outside it the speed exceeds 10 % of its peak",
            "not_observable": "an exercise that this sensor position cannot show; nothing is said about it",
        },
    },
    "exercise": {"Description": "Exercise id of sciatrack"},
    "side": {"Description": "Working leg: left, right, both or unknown"},
    "set": {"Description": "Number of the set within its block; less than 60 s between the reps of one set"},
    "placement": {"Description": "Where the sensor sat that this was read from"},
    "rom_deg": {"Description": "Rotation from rest to hold about the movement's axis", "Units": "deg"},
    "complete": {"Description": "Whether the rep counts as complete"},
    "confidence": {"Description": "Estimated probability that the rep happened as listed"},
    "hold_s_low": {"Description": "Lower end of the 90 % interval of the hold time", "Units": "s"},
    "hold_s_high": {"Description": "Upper end of the 90 % interval of the hold time", "Units": "s"},
    "flags": {"Description": "Flags of the rep, joined by spaces"},
}
README = """{name}

Home exercise recorded with one inertial sensor on the hip or a thigh, exported by sciatrack {version}.
Acceleration includes gravity. The axes are those of the sensor's own case, in no anatomical order: how the
sensor was mounted is not known. Time is in the LATENCY channel (seconds from the first sample); sampling may be
irregular and have gaps.

Repetitions and holds (events.tsv) are estimates of software, not annotations by people. An event
`not_observable` means that the sensor could not see the exercise there, not that it was not done.
{origin}Not a medical device, no diagnosis.
"""
SIMULATED = "Some or all sessions are simulated (column origin of scans.tsv).\n"


def export_bids(study: Study, output: Path, *, participant: str | None = None) -> Exported:
    """Writes the study (or one participant) as a BIDS dataset into a new folder.

    Raises ExportError where the folder is not empty or the participant is unknown.
    """
    check_participant(study, participant)
    root = new_folder(output)
    subjects = _Labels()
    scans: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
    left_out, failed, motions, simulated = [], [], 0, False
    for session in sessions_of(study, participant):
        who = subjects.of(session.manifest.participant)
        when = label(session.manifest.session_id.removeprefix(session.manifest.participant))
        try:
            recordings = _recordings(session)
        except SciatrackError as error:  # one bad file never stops the others
            failed.append(str(error))
            continue
        runs = _write_session(root, who, when, session, recordings)
        if not runs:
            left_out.append(f"session {session.manifest.session_id} has no samples, only a rep table")
        motions += len(runs)
        simulated |= session.manifest.origin == "simulated"
        for name in runs:
            start = utc_to_text(session.manifest.start_utc)
            scans[who, when].append([f"motion/{name}", start, session.manifest.origin])
    for (who, when), rows in scans.items():
        path = root / f"sub-{who}" / f"ses-{when}" / f"sub-{who}_ses-{when}_scans.tsv"
        _write_tsv(path, ("filename", "acq_time", "origin"), rows)
        _write_json(path.with_suffix(".json"), {"origin": {"Description": "recorded or simulated"}})
    written = sorted({who for who, _ in scans})
    _write_head(root, study, {who: name for name, who in subjects.items() if who in written}, simulated)
    counts = {"participants": len(written), "sessions": len(scans), "recordings": motions}
    return Exported(counts, tuple(left_out), tuple(failed))


def label(text: str) -> str:
    """A BIDS label: the letters and digits of a text."""
    return re.sub(r"[^A-Za-z0-9]", "", text) or "x"


class _Labels:
    """Subject labels by participant; two that would fall together are told apart by a number."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, participant: str) -> str:
        if participant not in self._known:
            plain, n = label(participant), 1
            taken = {name.lower() for name in self._known.values()}
            found = plain
            while found.lower() in taken:  # file systems that ignore case would put both in one folder
                n += 1
                found = f"{plain}x{n}"
            self._known[participant] = found
        return self._known[participant]

    def items(self) -> Iterable[tuple[str, str]]:
        return self._known.items()


def _recordings(session: Session) -> dict[str, Recording]:
    """The recordings of one session that hold samples, by file name."""
    recordings = {path.name: read(path) for path in sorted(session.folder.glob("imu-*.parquet"))}
    return {name: recording for name, recording in recordings.items() if recording.n_samples}


def _write_session(
    root: Path, who: str, when: str, session: Session, recordings: Mapping[str, Recording]
) -> list[str]:
    """The motion files of one session; returns their names."""
    if not recordings:
        return []
    zero_s = min(float(recording.time_s[0]) for recording in recordings.values())
    folder = root / f"sub-{who}" / f"ses-{when}" / "motion"
    by_task: dict[str, list[str]] = defaultdict(list)
    for name in recordings:
        by_task[_task(session, name)].append(name)
    written = []
    for task, names in by_task.items():
        head = f"sub-{who}_ses-{when}_task-{task}"
        for name in names:
            stem = f"{head}_tracksys-{label(recordings[name].placement or 'imu')}_run-01"
            _write_motion(folder / f"{stem}_motion.tsv", recordings[name], session, task, zero_s)
            written.append(f"{stem}_motion.tsv")
        events = sorted(
            (row for name in names for row in _events(session, name, zero_s)), key=lambda row: row["onset"]
        )
        path = folder / f"{head}_run-01_events.tsv"
        _write_tsv(path, EVENT_HEADER, [[_cell(row[key]) for key in EVENT_HEADER] for row in events])
        _write_json(path.with_suffix(".json"), EVENT_COLUMNS)
    return written


def _task(session: Session, recording: str) -> str:
    exercises = {str(block["exercise"]) for block in session.manifest.blocks if block["recording"] == recording}
    return label(exercises.pop()) if len(exercises) == 1 else TASK_OF_MANY


def _write_motion(path: Path, recording: Recording, session: Session, task: str, zero_s: float) -> None:
    rate_hz = round(recording.sampling_rate_hz, 4)
    columns = [recording.acc] if recording.gyr is None else [recording.acc, recording.gyr]
    table = np.column_stack([*columns, recording.time_s - zero_s])
    with open_new(path) as stream:
        for row in table.tolist():
            stream.write("\t".join(MISSING if value != value else f"{value:.6f}" for value in row) + "\n")
    point, sensors = recording.placement or MISSING, ("acc", "gyr")[: len(columns)]
    kinds = {"acc": ("ACCEL", "m/s^2"), "gyr": ("GYRO", "rad/s")}
    channels = [
        [f"{name}_{axis}", axis, kinds[name][0], point, kinds[name][1], f"{rate_hz}", point, "sensor"]
        for name in sensors
        for axis in "xyz"
    ]
    channels.append(["latency", MISSING, "LATENCY", MISSING, "s", f"{rate_hz}", MISSING, MISSING])
    stem = path.name.removesuffix("_motion.tsv")
    _write_tsv(path.with_name(f"{stem}_channels.tsv"), CHANNEL_HEADER, channels)
    frame = {
        "Description": "The axes of the sensor's own case; the mounting is not known",
        "Levels": {"sensor": {"SpatialAxes": "n/a", "RotationRule": "right-hand", "RotationOrder": "n/a"}},
    }
    _write_json(path.with_name(f"{stem}_channels.json"), {"reference_frame": frame})
    body: dict[str, Any] = {
        "TaskName": task,
        "TaskDescription": "Home exercise for sciatica; which exercise, rep and hold: see the events",
        "SamplingFrequency": recording.nominal_rate_hz or rate_hz,
        "SamplingFrequencyEffective": rate_hz,
        "TrackingSystemName": label(recording.placement or "imu"),
        "SoftwareVersions": " ".join(f"{name} {version}" for name, version in software().items()),
        "RecordingType": "continuous" if not len(recording.gaps_s) else "discontinuous",
        "RecordingDuration": round(recording.duration_s, 4),
        "MotionChannelCount": len(channels),
        "ACCELChannelCount": 3,
        "GYROChannelCount": 3 * (recording.gyr is not None),
        "LATENCYChannelCount": 1,
        "TrackedPointsCount": 1,
        "MissingValues": MISSING,
    }
    if session.manifest.device:
        body["ManufacturersModelName"] = session.manifest.device
    _write_json(path.with_suffix(".json"), body)


def _events(session: Session, recording: str, zero_s: float) -> list[dict[str, Any]]:
    """Blocks, reps and holds of one recording; what is not known of one is None."""
    empty = dict.fromkeys(EVENT_HEADER)
    rows = []
    for block in session.manifest.blocks:
        if block["recording"] == recording:
            kind = "not_observable" if unseen(block) else "block"
            rows.append(empty | _interval(block["block_start_s"], block["block_end_s"], zero_s) | {
                "trial_type": kind, "exercise": block["exercise"], "side": block["side"],
                "placement": block["placement"],
            })  # fmt: skip
    for rep in session.reps:
        if rep["recording"] != recording:
            continue
        common = {key: rep[key] for key in ("exercise", "side", "set", "placement", "complete", "confidence")}
        common["flags"] = rep["flags"] or None
        interval = _interval(rep["start_s"], rep["end_s"], zero_s)
        rows.append(empty | interval | common | {"trial_type": "rep", "rom_deg": rep["rom_deg"]})
        if rep["hold_start_s"] is not None and rep["hold_end_s"] is not None:
            bounds = {key: rep[key] for key in ("hold_s_low", "hold_s_high")}
            interval = _interval(rep["hold_start_s"], rep["hold_end_s"], zero_s)
            rows.append(empty | interval | common | bounds | {"trial_type": "hold"})
    return rows


def _interval(start_s: float, end_s: float, zero_s: float) -> dict[str, float]:
    return {"onset": round(start_s - zero_s, 4), "duration": round(end_s - start_s, 4)}


def _cell(value: object) -> str:
    if value is None or value != value:
        return MISSING
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _write_head(root: Path, study: Study, participants: Mapping[str, str], simulated: bool) -> None:
    """dataset_description.json, README and participants.tsv; `participants` maps label to pseudonym."""
    version = software()["sciatrack"]
    description = {
        "Name": study.settings.name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "sciatrack", "Version": version}],
        "Authors": [MISSING],
    }
    _write_json(root / "dataset_description.json", description)
    with open_new(root / "README") as stream:
        stream.write(
            README.format(name=study.settings.name, version=version, origin=SIMULATED if simulated else "")
        )
    arms = dict(study.rows("select participant, arg_max(arm, line) from participant group by participant"))
    rows = [[f"sub-{who}", name, arms.get(name) or MISSING] for who, name in participants.items()]
    _write_tsv(root / "participants.tsv", ("participant_id", "pseudonym", "arm"), rows)
    columns = {"pseudonym": "The participant's pseudonym in the study", "arm": "Arm of the study"}
    _write_json(root / "participants.json", {key: {"Description": text} for key, text in columns.items()})


def _write_tsv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with open_new(path) as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, escapechar=" ")
        writer.writerow(header)
        writer.writerows(rows)


def _write_json(path: Path, body: Mapping[str, Any]) -> None:
    with open_new(path) as stream:
        json.dump(body, stream, indent=1, ensure_ascii=False)
        stream.write("\n")
