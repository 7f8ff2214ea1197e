"""Torn recordings become finished sessions, finished ones stay, and nothing is lost on the way."""

from __future__ import annotations

import json
import math
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import sciatrack_ingest
from packet_streams import motion, received
from sciatrack.cli import cli
from sciatrack_ingest import recovery
from sciatrack_ingest.errors import RecordingError, SciatrackError
from sciatrack_ingest.manifest import SessionError
from sciatrack_ingest.playback import STEP_S, play, raw_logs
from sciatrack_ingest.rawlog import RawHeader, RawLogError, RawLogWriter
from sciatrack_ingest.rawread import read_raw
from sciatrack_ingest.recovery import FinishedSession, finish_session
from sciatrack_ingest.sensors import RawPacket
from sciatrack_ingest.sessions import read_manifest, replace_session, verify_session

NAME = "P01-20260302T173000Z-1f3a9c2e"
START_NS = 90_000_000_000
LOST = (30, 31, 32)  # packets of ten samples


def record(
    folder: Path,
    placement: str = "hip",
    family: str = "generic",
    close: bool = True,
    skipped: int | None = None,
    **words: str,
) -> Path:
    """A recording of 20 s with a gap, flushed every 50 packets; one more packet may be skipped."""
    folder.mkdir(exist_ok=True)
    path = folder / f"raw-{placement}.mcap"
    header = RawHeader(
        family, placement, "P01", folder.name, "2026-03-02T17:30:00Z", START_NS, timezone="Europe/Berlin",
        sensor_name="IMU 7", **words,
    )  # fmt: skip
    log = RawLogWriter(path, header)
    log.event("connect", monotonic_ns=99_000_000_000, wall_ns=10**18, mtu=247)
    acc, gyr = motion(2000)
    for i, packet in enumerate(received(family, acc, gyr, arrival_s=100.0, lost=LOST)):
        if i != skipped:
            log.append(packet._replace(wall_ns=10**18 + packet.monotonic_ns))
        if i % 50 == 49:
            log.flush()
    flushed = log.safe_bytes
    log.close()
    if not close:  # what a crash leaves
        path.write_bytes(path.read_bytes()[:flushed])
    return path


def cut(path: Path, share: float = 0.6) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / NAME


def check_finished(folder: Path) -> FinishedSession:
    assert verify_session(folder) == []
    again = finish_session(folder)
    assert again.was_finished
    assert again.missing == ()
    return again


def test_a_recording_that_ended_well_is_finished_by_the_same_steps(folder: Path) -> None:
    path = record(folder, exercise="clamshell", side="left", plan='{"name": "week 1"}')
    packets = read_raw(path).packets
    done = finish_session(folder)
    manifest = done.manifest
    assert (manifest.session_id, manifest.participant, manifest.timezone) == (NAME, "P01", "Europe/Berlin")
    assert manifest.start_local.isoformat() == "2026-03-02T18:30:00"
    assert manifest.plan == {"name": "week 1"}
    assert manifest.corrections == ()
    assert manifest.duration_s == pytest.approx(30.0, abs=0.1)
    assert "IMU 7" in manifest.device
    assert sorted(manifest.files) == ["imu-hip.json", "imu-hip.parquet", "raw-hip.mcap"]
    assert manifest.files["raw-hip.mcap"].rows == len(packets) + 2
    assert done.missing == ("raw-hip.mcap: 30 samples (1.50 %) were lost in 1 gap.",)
    recording = sciatrack_ingest.read(folder / "imu-hip.parquet")
    assert recording.n_samples == manifest.files["imu-hip.parquet"].rows == 1970
    assert (recording.participant, recording.exercise, recording.side) == ("P01", "clamshell", "left")
    raw = read_raw(path)
    assert raw.packets == packets
    assert raw.finished
    (gap,) = [event for event in raw.events if event.kind == "gap"]
    assert gap.data["lost_samples"] == 30
    assert gap.data["basis"] == "sequence"
    assert gap.monotonic_ns == START_NS + round(gap.data["end_s"] * 1e9)
    assert gap.wall_ns - gap.monotonic_ns == 10**18
    check_finished(folder)


def test_finishing_once_more_does_not_double_the_gaps(folder: Path) -> None:
    path = record(folder)
    finish_session(folder)
    once = read_raw(path)
    (folder / "manifest.json").unlink()
    finish_session(folder)
    assert read_raw(path).events == once.events
    assert read_raw(path).packets == once.packets


@pytest.mark.parametrize("share", [0.4, 0.5, 0.75, 0.99])
def test_what_is_on_disk_of_a_torn_recording_is_in_the_session(folder: Path, share: float) -> None:
    path = record(folder, close=False)
    cut(path, share)
    packets = read_raw(path).packets
    done = finish_session(folder)
    assert read_raw(path).packets == packets
    assert read_raw(path).finished
    (sensor,) = done.sensors
    assert sensor.recording.n_samples == 10 * len(packets)
    assert any("may be missing" in sentence for sentence in done.missing)
    (correction,) = done.manifest.corrections
    assert correction["author"] == "sciatrack recover"
    assert "cut off" in correction["reason"]
    (event,) = [event for event in read_raw(path).events if event.kind == "recovered"]
    assert event.data["missing"] == list(done.missing)
    check_finished(folder)


def test_packets_of_which_no_recording_can_be_made_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(folder)
    before = path.read_bytes()

    def refuse(_: object) -> None:
        raise RecordingError("time_s must increase")

    monkeypatch.setattr(recovery, "decode_log", refuse)
    done = finish_session(folder)
    assert done.missing == ("raw-hip.mcap: no samples can be made of it: time_s must increase",)
    assert path.read_bytes() == before
    check_finished(folder)


def test_two_sensors_keep_one_time_base_and_an_empty_one_takes_nothing_along(folder: Path) -> None:
    record(folder, "hip", close=False)
    cut(record(folder, "left_thigh", "movesense", close=False), 0.5)
    (folder / "raw-right_thigh.mcap").write_bytes(b"")
    done = finish_session(folder)
    hip, thigh = (sensor.recording for sensor in done.sensors)
    assert (hip.placement, thigh.placement) == ("hip", "left_thigh")
    assert abs(hip.time_s[0] - thigh.time_s[0]) < 0.2
    assert (folder / "raw-right_thigh.mcap").read_bytes() == b""
    assert "raw-right_thigh.mcap: not a raw log: it does not begin like an MCAP file." in done.missing
    check_finished(folder)


def test_a_folder_with_nothing_but_an_empty_log_is_finished_by_its_name(folder: Path) -> None:
    folder.mkdir()
    (folder / "raw-hip.mcap").write_bytes(b"\x89MC")
    done = finish_session(folder)
    assert (done.manifest.participant, done.manifest.duration_s, done.sensors) == ("P01", 0.0, ())
    assert done.manifest.start_utc.isoformat() == "2026-03-02T17:30:00+00:00"
    check_finished(folder)


def test_a_log_without_samples_is_finished_without_samples(folder: Path) -> None:
    folder.mkdir()
    RawLogWriter(folder / "raw-hip.mcap", RawHeader("dot", "hip", "P01", NAME, "2026-03-02T17:30:00Z", 0)).close()
    done = finish_session(folder)
    assert done.missing == ("raw-hip.mcap: no samples came from this sensor.",)
    assert list(done.manifest.files) == ["raw-hip.mcap"]
    check_finished(folder)


def test_a_damaged_log_is_kept_beside_what_could_be_read(folder: Path) -> None:
    path = record(folder)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 3] ^= 0xFF
    path.write_bytes(bytes(damaged))
    done = finish_session(folder)
    assert (folder / "torn-raw-hip.mcap").read_bytes() == bytes(damaged)
    assert any("damaged and left out" in sentence for sentence in done.missing)
    assert any("missing between intact ones" in sentence for sentence in done.missing)
    assert 0 < done.sensors[0].recording.n_samples < 1970
    check_finished(folder)


def test_a_crash_while_recovering_changes_nothing_or_is_carried_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(folder, close=False)
    cut(path)
    torn = path.read_bytes()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sciatrack_ingest.sessions.to_json", crash)
    with pytest.raises(KeyboardInterrupt):
        finish_session(folder)
    monkeypatch.undo()
    assert path.read_bytes() == torn
    assert any(left.suffix == ".next" for left in folder.iterdir())
    # The point of no return: everything is staged, but only some of it renamed.
    monkeypatch.setattr("sciatrack_ingest.sessions.os.replace", crash)
    with pytest.raises(KeyboardInterrupt):
        finish_session(folder)
    monkeypatch.undo()
    assert finish_session(folder).was_finished
    check_finished(folder)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_torn_log_as_it_was(folder: Path) -> None:
    path = record(folder, close=False)
    cut(path)
    torn = path.read_bytes()
    with file_size_limit(2000), pytest.raises(RawLogError, match="cannot be written"):
        finish_session(folder)
    assert path.read_bytes() == torn
    assert finish_session(folder).sensors[0].recording.n_samples > 0


def test_a_recording_that_goes_on_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    log = RawLogWriter(folder / "raw-hip.mcap", RawHeader("dot", "hip", "P01", NAME, "2026-03-02T17:30:00Z", 0))
    with pytest.raises(SessionError, match="is being recorded"):
        finish_session(folder)
    log.close()
    assert not finish_session(folder).was_finished


def test_a_folder_without_logs_has_nothing_to_recover(folder: Path) -> None:
    folder.mkdir()
    with pytest.raises(SessionError, match="nothing to recover"):
        finish_session(folder)


def test_a_header_with_a_bad_participant_is_refused_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "somewhere"
    folder.mkdir()
    RawLogWriter(
        folder / "raw-hip.mcap", RawHeader("dot", "hip", "Ann Smith", "x", "2026-03-02T17:30:00Z", 0)
    ).close()
    with pytest.raises(SessionError, match="'Ann Smith' is not a pseudonym"):
        finish_session(folder)
    (folder / "raw-hip.mcap").write_bytes(b"")
    with pytest.raises(SessionError, match="Name the folder like P01-2026"):
        finish_session(folder)


def test_a_copy_that_differs_never_replaces_the_log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(folder, close=False)
    torn = path.read_bytes()
    monkeypatch.setattr(RawLogWriter, "append", lambda self, packet: None)
    with pytest.raises(RawLogError, match="its copy differs"):
        finish_session(folder)
    assert path.read_bytes() == torn


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_any_damage_is_recovered_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    base = tmp_path_factory.getbasetemp() / "any damage"
    base.mkdir(exist_ok=True)
    whole = base / "whole.bin"
    if not whole.exists():
        whole.write_bytes(record(base / NAME).read_bytes())
    shutil.rmtree(base / NAME, ignore_errors=True)
    (base / NAME).mkdir()
    rng = np.random.default_rng(seed)
    data = bytearray(whole.read_bytes())
    for _ in range(rng.integers(0, 5)):
        data[rng.integers(len(data))] = rng.integers(256)
    (base / NAME / "raw-hip.mcap").write_bytes(bytes(data[: rng.integers(len(data))]))
    with suppress(SciatrackError):
        finish_session(base / NAME)
        check_finished(base / NAME)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_recover_says_what_is_there_and_what_is_missing(folder: Path) -> None:
    cut(record(folder, close=False))
    unfinished = run("verify", folder)
    assert unfinished.exit_code == 1
    assert "a recording that is not finished" in unfinished.stdout
    done = run("recover", folder)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"{folder}: recovered"
    assert lines[1].startswith("  hip: ")
    assert any("may be missing" in line for line in lines)
    assert run("verify", folder).exit_code == 0
    assert read_manifest(folder).analyses
    again = run("recover", folder)
    assert (again.exit_code, again.stdout) == (0, f"{folder}: finished already, nothing to recover\n")


def test_recover_goes_on_after_a_folder_that_cannot_be_recovered(tmp_path: Path, folder: Path) -> None:
    cut(record(folder, close=False))
    (tmp_path / "empty").mkdir()
    done = run("recover", tmp_path / "empty", folder)
    assert done.exit_code == 1
    assert "nothing to recover" in done.stderr
    assert "recovered" in done.stdout


def test_recover_analyses_a_session_that_was_cut_off_before_its_analysis(folder: Path) -> None:
    record(folder)
    finish_session(folder)
    assert read_manifest(folder).analyses == ()
    assert run("recover", folder).exit_code == 0
    (analysis,) = read_manifest(folder).analyses
    assert list(analysis["findings"]) == list(analysis["clock_offset_s"]) == ["imu-hip.parquet"]


def test_a_log_that_is_no_log_keeps_no_analysis_away(folder: Path) -> None:
    record(folder)
    (folder / "raw-left_thigh.mcap").write_bytes(b"")
    done = run("recover", folder)
    assert done.exit_code == 0
    assert "not analysed" not in done.stdout
    assert len(read_manifest(folder).analyses) == 1


def test_recover_tells_what_is_wrong_with_a_finished_session(folder: Path) -> None:
    record(folder)
    finish_session(folder)
    (folder / "imu-hip.json").write_text("{}")
    done = run("recover", folder)
    assert done.exit_code == 1
    assert "finished, but not whole" in done.stdout
    assert "imu-hip.json" in done.stdout


def test_verify_counts_the_packets_of_a_raw_log(folder: Path) -> None:
    record(folder)
    manifest = finish_session(folder).manifest
    path = folder / "raw-hip.mcap"
    data = path.read_bytes()
    replace_session(folder, manifest, {"raw-hip.mcap": lambda to: to.write_bytes(data) and 5})
    done = run("verify", folder)
    assert done.exit_code == 1
    assert "199 packets and events, manifest.json says 5" in done.stdout


def test_replay_decodes_to_the_stored_samples(folder: Path) -> None:
    record(folder)
    record(folder, "left_thigh", "polar", skipped=9)  # a frame of angular rates, which are NaN then
    thigh_recording = finish_session(folder).sensors[1].recording
    assert thigh_recording.gyr is not None
    assert np.isnan(thigh_recording.gyr).any()
    done = run("replay", folder, "--speed", "max")
    assert done.exit_code == 0
    hip, thigh = done.stdout.splitlines()
    assert hip.startswith("hip: 1970 samples in 20.0 s, 100.0 Hz (nominal 100), 30 lost (1.50 %) in 1 gap, 1 conn")
    assert hip.endswith("; same as imu-hip.parquet")
    assert thigh.endswith("; same as imu-left_thigh.parquet")


def test_replay_tells_samples_that_are_not_those_of_the_packets(folder: Path) -> None:
    record(folder)
    finish_session(folder)
    recording = sciatrack_ingest.read(folder / "imu-hip.parquet")
    acc = recording.acc.copy()
    acc[7, 1] += 0.1
    sciatrack_ingest.write_recording(recording.with_labels(acc=acc), folder / "imu-hip.parquet")
    done = run("replay", folder, "--speed", "max")
    assert done.exit_code == 1
    assert "differs from imu-hip.parquet in acc_y" in done.stdout
    (folder / "imu-hip.parquet").write_bytes(b"PAR1")
    assert "which cannot be read" in run("replay", folder, "--speed", "max").stdout
    (folder / "imu-hip.parquet").unlink()
    assert run("replay", folder, "--speed", "max").stdout.endswith("no stored samples to compare with\n")


def test_replay_shows_progress_and_takes_a_torn_session(folder: Path) -> None:
    cut(record(folder, close=False))
    done = run("replay", folder, "--speed", "100")
    assert done.exit_code == 0
    assert "cut off" in done.stderr
    assert "no stored samples" in done.stdout


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "fast"])
def test_replay_refuses_a_speed_that_is_none(folder: Path, speed: str) -> None:
    record(folder)
    done = run("replay", folder, "--speed", speed)
    assert done.exit_code == 2
    assert "is neither a number above 0 nor max" in done.stderr


def test_replay_of_a_session_without_packets_says_so(tmp_path: Path) -> None:
    done = run("replay", tmp_path)
    assert done.exit_code == 1
    assert "no raw log in it to play back" in done.stderr


@pytest.mark.parametrize("speed", [1.0, 4.0, math.inf])
def test_playback_gives_every_packet_once_at_its_time(folder: Path, speed: float) -> None:
    record(folder)
    logs = raw_logs(folder)
    clock = [1000.0]
    packets: list[RawPacket] = []
    for elapsed_s, (step,) in play(logs, speed, sleep=lambda s: clock.append(clock[-1] + s), now=lambda: clock[-1]):
        packets += step
        if not math.isinf(speed):
            assert clock[-1] - 1000.0 == pytest.approx(elapsed_s / speed)
        assert all(packet.monotonic_ns <= START_NS + 10e9 + (elapsed_s + STEP_S) * 1e9 for packet in step)
    assert tuple(packets) == logs[0].packets
    # The last of 200 packets comes 20 s after the clock's begin, the first 0.09 s.
    assert clock[-1] - 1000.0 == pytest.approx(0.0 if math.isinf(speed) else 19.9 / speed)


def test_the_author_of_a_correction_is_named_in_the_manifest(folder: Path) -> None:
    cut(record(folder, close=False))
    finish_session(folder)
    said = json.loads((folder / "manifest.json").read_text())["corrections"][0]
    assert said["author"] == recovery.AUTHOR
    assert said["at_utc"].endswith("Z")
