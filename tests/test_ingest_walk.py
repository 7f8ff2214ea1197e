"""Which files of a folder are recordings: sorted, none missed, none that only lies beside them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciatrack_ingest import MissingPathError, RecordingFileError, find_recordings, is_recording, read

CSV = "time,acc_x,acc_y,acc_z\n" + "".join(f"{i / 50},0,0,9.8\n" for i in range(60))
LOGGER = "time,seconds_elapsed,z,y,x\n" + "".join(f"{i * 10**7},{i / 100},9.8,0,0\n" for i in range(60))
PHYPHOX = '"Time (s)","Acceleration x (m/s^2)","Acceleration y (m/s^2)","Acceleration z (m/s^2)"\n' + "".join(
    f"{i / 100},0,0,9.8\n" for i in range(60)
)
MANIFEST = {
    "schema_version": 1, "session_id": "s1", "participant": "P7", "start_utc": "2026-11-20T09:00:00Z",
    "timezone": "Europe/Berlin", "blocks": [{"exercise": "clamshell", "side": "left"}],
}  # fmt: skip


def put(path: Path, text: str | bytes = CSV) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def put_parquet(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"time": np.arange(60) / 50, "acc_x": np.zeros(60), "acc_y": np.zeros(60), "acc_z": np.full(60, 9.8)}
    pq.write_table(pa.table(columns), path)
    return path


def put_zip(path: Path, members: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def session(folder: Path, *placements: str) -> None:
    put(folder / "manifest.json", json.dumps(MANIFEST))
    put(folder / "reps.parquet", b"PAR1")
    put(folder / "raw-hip.mcap", b"\x89MCAP0\r\n")
    for placement in placements:
        put_parquet(folder / f"imu-{placement}.parquet")


def found(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_recordings(root)]


def test_a_walk_is_sorted_and_finds_every_kind(tmp_path: Path) -> None:
    put(tmp_path / "b.csv")
    put(tmp_path / "b.json", "{}")
    put_parquet(tmp_path / "a.parquet")
    put(tmp_path / "c" / "deep" / "z.csv")
    put(tmp_path / "phone" / "TotalAcceleration.csv", LOGGER)
    put(tmp_path / "phone" / "Gyroscope.csv", LOGGER)
    put(tmp_path / "phox" / "Raw Data.csv", PHYPHOX)
    put(tmp_path / "phox" / "meta" / "time.csv", '"event","experiment time","system time"\n')
    put_zip(tmp_path / "phone.zip", {"TotalAcceleration.csv": LOGGER})
    put_zip(tmp_path / "photos.zip", {"me.jpg": "x"})
    put(tmp_path / "single.csv", PHYPHOX)
    session(tmp_path / "session", "right_thigh", "hip")
    session(tmp_path / "imported")
    put(tmp_path / "notes.txt", "x")
    put(tmp_path / ".hidden.csv")
    put(tmp_path / ".git" / "a.csv")
    put(tmp_path / "__MACOSX" / "a.csv")
    assert found(tmp_path) == [
        "a.parquet", "b.csv", "c/deep/z.csv", "phone", "phone.zip", "phox",
        "session/imu-hip.parquet", "session/imu-right_thigh.parquet", "single.csv",
    ]  # fmt: skip
    assert all(is_recording(tmp_path / name) for name in found(tmp_path))


def test_what_cannot_be_read_is_found_all_the_same(tmp_path: Path) -> None:
    put(tmp_path / "labels.csv", "name,age\n")
    put(tmp_path / "damaged.zip", b"PK\x03\x04 half")
    put(tmp_path / "empty.csv", "")
    put(tmp_path / "text.parquet", "x")
    assert found(tmp_path) == ["damaged.zip", "empty.csv", "labels.csv", "text.parquet"]
    for path in find_recordings(tmp_path):
        assert not is_recording(path) or path.name == "text.parquet"
        with pytest.raises(RecordingFileError):
            read(path)


def test_a_study_gives_its_sessions(tmp_path: Path) -> None:
    session(tmp_path / "sessions" / "s1", "hip")
    for name in ("prescriptions.csv", "excused.csv", "clearances.csv", "participants.csv", "study.duckdb"):
        put(tmp_path / name, "participant\n")
    assert found(tmp_path) == ["sessions/s1/imu-hip.parquet"]


def test_a_path_itself_is_found(tmp_path: Path) -> None:
    file = put(tmp_path / "a.txt")
    assert list(find_recordings(file)) == [file]
    put(tmp_path / "x" / "TotalAcceleration.csv", LOGGER)
    assert list(find_recordings(tmp_path / "x")) == [tmp_path / "x"]
    with pytest.raises(MissingPathError, match="gone: there is no such file"):
        find_recordings(tmp_path / "gone")
    assert not is_recording(tmp_path / "gone")


def test_several_single_sets_are_recordings_of_their_own(tmp_path: Path) -> None:
    put(tmp_path / "one.csv", PHYPHOX)
    put(tmp_path / "two.csv", PHYPHOX)
    put(tmp_path / "three.csv")
    assert found(tmp_path) == ["one.csv", "three.csv", "two.csv"]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x.csv")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert found(tmp_path) == ["a/x.csv"]


def test_samples_of_a_session_take_their_labels_from_the_manifest(tmp_path: Path) -> None:
    session(tmp_path / "s1", "left_thigh")
    for path in (tmp_path / "s1" / "imu-left_thigh.parquet", tmp_path / "s1"):
        recording = read(path, units_acc="m/s^2")
        assert (recording.participant, recording.placement) == ("P7", "left_thigh")
        assert (recording.exercise, recording.side, recording.timezone) == ("clamshell", "left", "Europe/Berlin")
        assert recording.name == str(path)
    session(tmp_path / "s1", "hip")
    with pytest.raises(RecordingFileError, match=r"several sensors: imu-hip.parquet, imu-left_thigh.parquet"):
        read(tmp_path / "s1")


def test_a_manifest_that_cannot_be_used_costs_the_labels_only(tmp_path: Path) -> None:
    session(tmp_path, "hip")
    put(tmp_path / "manifest.json", json.dumps(MANIFEST | {"participant": "Jane Doe"}))
    recording = read(tmp_path / "imu-hip.parquet", units_acc="m/s^2")
    assert recording.participant is None
    assert [finding.code for finding in recording.findings] == ["manifest_unread"]
    put(tmp_path / "manifest.json", "{")
    assert read(tmp_path / "imu-hip.parquet", units_acc="m/s^2").placement == "hip"


def test_a_folder_without_recording_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordingFileError, match="this folder is no recording"):
        read(tmp_path)
    assert found(tmp_path) == []
