"""Session folders: written whole or not at all, read back the same, every damage named."""

from __future__ import annotations

import datetime as dt
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import sciatrack_ingest
from sciatrack_ingest import imu_file, sessions
from sciatrack_ingest.manifest import (
    BLOCK_KEYS,
    Manifest,
    PseudonymError,
    SessionError,
    ZoneError,
    check_participant,
    from_json,
    local_time,
    to_json,
)
from sciatrack_ingest.recording import Recording

REPS = pa.table({"block": [0, 0], "start_s": [1.0, 9.0], "complete": [True, False]})


def a_manifest(**changes: object) -> Manifest:
    block = dict.fromkeys(BLOCK_KEYS, "") | {"block": 0, "exercise": "glute_bridge", "count": 1}
    manifest = Manifest(
        session_id="20260302T173000Z-P01-ab12",
        participant="P01",
        start_utc=dt.datetime(2026, 3, 2, 17, 30, tzinfo=dt.UTC),
        timezone="Europe/Berlin",
        duration_s=78.2,
        blocks=(block,),
        check_ins=({"phase": "before", "leg_nrs": 4},),
        software={"sciatrack": "0.1.0"},
    )
    return replace(manifest, **changes)


def write(parent: Path, **changes: object) -> Path:
    return sessions.write_session(
        parent, a_manifest(**changes), {sessions.REPS: sessions.table_writer(REPS)}, durable=False
    )


def test_a_folder_reads_back_what_was_written(tmp_path: Path) -> None:
    folder = write(tmp_path / "sessions")
    manifest = sessions.read_manifest(folder)
    assert manifest.blocks == a_manifest().blocks
    assert manifest.check_ins == a_manifest().check_ins
    assert manifest.start_local == dt.datetime(2026, 3, 2, 18, 30)
    assert manifest.files[sessions.REPS].rows == 2
    reps = sessions.read_reps(folder)
    assert reps is not None
    assert reps.equals(REPS)
    assert sessions.verify_session(folder) == []


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        folder = write(tmp_path / "sessions")
    finally:
        os.umask(old)
    for path in (folder.parent, folder, *folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_new_folders_are_known_to_those_above_them_after_a_power_cut(tmp_path: Path, monkeypatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(sessions, "_flush_folder", synced.append)
    sessions.private_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]
    sessions.private_folder(tmp_path / "a" / "b")
    assert len(synced) == 2


def test_the_same_id_twice_is_refused_and_leaves_the_first(tmp_path: Path) -> None:
    folder = write(tmp_path)
    with pytest.raises(SessionError, match="is there already"):
        write(tmp_path)
    assert sessions.verify_session(folder) == []
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_failing_writer_leaves_nothing(tmp_path: Path) -> None:
    def broken(path: Path) -> int:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        sessions.write_session(tmp_path, a_manifest(), {"reps.parquet": broken}, durable=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: (f / "reps.parquet").unlink(), "not there"),
        (lambda f: (f / "reps.parquet").write_bytes(b"short"), "bytes"),
        (lambda f: flip_a_byte(f / "reps.parquet"), "sha256"),
        (lambda f: (f / "notes.txt").write_text("x"), "not listed"),
        (lambda f: (f / "manifest.json").unlink(), "not there"),
        (lambda f: (f / "manifest.json").write_text("{"), "not JSON"),
        (lambda f: edit(f, "start_local", "2026-03-02T17:30:00"), "does not fit"),
        (lambda f: edit(f, "participant", "Anna Meier"), "not a pseudonym"),
        (lambda f: edit(f, "schema_version", 99), "schema_version is 99"),
        (lambda f: edit(f, "session_id", "other"), "folder's name"),
    ],
)
def test_verify_names_each_damage(tmp_path: Path, damage, said: str) -> None:  # type: ignore[no-untyped-def]
    folder = write(tmp_path)
    damage(folder)
    problems = sessions.verify_session(folder)
    assert problems
    assert any(said in problem for problem in problems), problems


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def edit(folder: Path, key: str, value: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))


def test_a_replaced_analysis_is_whole_and_keeps_other_files(tmp_path: Path) -> None:
    imu = pa.table({"time": [0.0], "acc_x": [0.0]})
    folder = sessions.write_session(
        tmp_path,
        a_manifest(),
        {"imu-hip.parquet": sessions.table_writer(imu), "reps.parquet": sessions.table_writer(REPS)},
        durable=False,
    )
    sessions.replace_session(
        folder,
        a_manifest(analyses=({"algorithm": "new 2"},)),
        {"reps.parquet": sessions.table_writer(REPS.slice(0, 1))},
    )
    manifest = sessions.read_manifest(folder)
    assert manifest.analyses == ({"algorithm": "new 2"},)
    assert set(manifest.files) == {"imu-hip.parquet", "reps.parquet"}
    assert manifest.files["reps.parquet"].rows == 1
    assert sessions.verify_session(folder) == []


def test_a_crash_before_the_staged_manifest_goes_back(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "reps.parquet.next").write_bytes(b"half")
    (folder / "manifest.json.next").write_text('{"schema_ver')
    assert sessions.finish_interrupted(folder)
    assert sessions.verify_session(folder) == []


def test_a_crash_after_the_staged_manifest_goes_forward(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    later = sessions.write_session(
        tmp_path / "b",
        a_manifest(analyses=({"algorithm": "new 2"},)),
        {"reps.parquet": sessions.table_writer(REPS.slice(0, 1))},
        durable=False,
    )
    # reps.parquet was renamed already, the manifest was not
    (folder / "reps.parquet").write_bytes((later / "reps.parquet").read_bytes())
    (folder / "manifest.json.next").write_bytes((later / "manifest.json").read_bytes())
    assert sessions.finish_interrupted(folder)
    assert sessions.read_manifest(folder).analyses == ({"algorithm": "new 2"},)
    assert sessions.verify_session(folder) == []


def test_unfinished_folders_are_not_sessions_and_can_be_dropped(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (tmp_path / ".new-left-over").mkdir()
    assert list(sessions.session_folders(tmp_path)) == [folder]
    assert sessions.drop_unfinished(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [folder]


def test_a_manifest_that_points_outside_the_folder_is_refused() -> None:
    body = json.loads(to_json(a_manifest()))
    body["files"] = {"../../etc/passwd": {"rows": None, "size_bytes": 1, "sha256": ""}}
    with pytest.raises(SessionError, match="plain name"):
        from_json(json.dumps(body))


@pytest.mark.parametrize("text", ["", "Anna Meier", "P" * 33, "P/1", "Ä1", "P01\n"])
def test_only_pseudonyms(text: str) -> None:
    with pytest.raises(PseudonymError, match="pseudonym"):
        check_participant(text)


def test_wall_clock_on_both_clock_change_days() -> None:
    spring = dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)
    autumn = dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)
    assert local_time(spring, "Europe/Berlin") == dt.datetime(2026, 3, 29, 3, 30)
    assert local_time(autumn, "Europe/Berlin") == dt.datetime(2026, 10, 25, 2, 30)
    with pytest.raises(ZoneError, match="Europe/Berlin"):
        local_time(spring, "Berlin")


@pytest.mark.parametrize("gyro", [True, False])
def test_samples_survive_the_folder(tmp_path: Path, gyro: bool) -> None:
    rng = np.random.default_rng(3)
    recording = Recording(
        time_s=np.arange(500) / 50.0,
        acc=np.array([0.0, 0.0, 9.81]) + 0.1 * rng.normal(size=(500, 3)),
        gyr=rng.normal(size=(500, 3)) if gyro else None,
        placement="hip",
        side="left",
        participant="P01",
        start_utc=dt.datetime(2026, 3, 2, 17, 30, tzinfo=dt.UTC),
        timezone="Europe/Berlin",
    )
    folder = sessions.write_session(tmp_path, a_manifest(), imu_file.imu_writers(recording), durable=False)
    back = sciatrack_ingest.read(folder / "imu-hip.parquet")
    assert np.array_equal(back.acc, recording.acc)
    assert (back.gyr is None) == (recording.gyr is None)
    assert (back.placement, back.side, back.start_utc) == ("hip", "left", recording.start_utc)
    assert (back.participant, back.timezone) == ("P01", "Europe/Berlin")
    assert imu_file.recording_digest(back) == imu_file.recording_digest(recording)
    moved = back.with_labels(placement="left_thigh")
    assert imu_file.recording_digest(moved) != imu_file.recording_digest(recording)
