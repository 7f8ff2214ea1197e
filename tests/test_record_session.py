"""`sciatrack record` from its checks to a finished session, on a virtual clock with faults on the way."""

from __future__ import annotations

import asyncio
import re
import signal
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from sciatrack import record_view, recorder
from sciatrack.closing import close_session
from sciatrack.fit_guide import Step
from sciatrack.live.recording import _tapped
from sciatrack.live.sensors import numbered
from sciatrack.planned import Intended, intended, plan_length_s
from sciatrack.recorder import DiskSpaceError, Recorded, Request, check_disk, record_async
from sciatrack_analytics.session_plan import Plan, PlanItem
from sciatrack_ingest import read
from sciatrack_ingest.connecting import SensorNotFoundError
from sciatrack_ingest.manifest import PseudonymError, ZoneError
from sciatrack_ingest.radio import NoAdapterError
from sciatrack_ingest.raw_queue import RawQueue
from sciatrack_ingest.rawlog import Event, RawHeader, RawLogError, RawLogWriter
from sciatrack_ingest.rawread import RawLog, read_raw
from sciatrack_ingest.sensors import REGISTRY, RawPacket
from sciatrack_ingest.session_recording import Sitting
from sciatrack_ingest.sessions import read_manifest, verify_session
from sciatrack_ingest.status import Status
from sciatrack_ingest.virtual.clock import LoopClock, run_virtual
from sciatrack_ingest.virtual.faults import Faults
from sciatrack_ingest.virtual.plain_radio import PlainRadio
from sciatrack_ingest.virtual.sensor import Motion, VirtualSensor
from sciatrack_ingest.virtual.speakers import GenericSpeaker, Packet, PolarSpeaker
from sciatrack_ingest.virtual.speakers.polar import CONTROL
from sciatrack_signal.exercises import catalogue

G = 9.80665


def still(seconds: float, up: tuple[float, float, float]) -> np.ndarray:
    return np.tile(np.array(up) * G, (int(seconds * 100), 1))


def motion(*parts: np.ndarray) -> Motion:
    acc = np.concatenate(parts)
    return Motion(100.0, acc, np.zeros_like(acc))


LYING = motion(still(60.0, (0, 0, 1)))


def record(tmp_path, seconds: float = 10.0, faults: Faults | None = None, worn: Motion = LYING, **more) -> Recorded:
    """Two sensors, recorded on a virtual clock."""

    @asynccontextmanager
    async def radio():
        sensors = [VirtualSensor(GenericSpeaker(name, 5), worn, faults) for name in ("one", "two")]
        lives = [asyncio.create_task(sensor.run()) for sensor in sensors]
        yield PlainRadio(sensors)
        for life in lives:
            life.cancel()

    sitting = Sitting("P01", "Europe/Berlin", (("one", "hip"), ("two", "left_thigh")), exercise="glute_bridge")
    return run_virtual(record_async(Request(sitting, radio, tmp_path, seconds, clock=LoopClock(), **more)))


def test_a_sitting_with_two_sensors_becomes_a_whole_session(tmp_path) -> None:
    done = record(tmp_path)
    assert done.trouble is None
    assert done.folder is not None
    lines = close_session(done.folder)
    assert verify_session(done.folder) == []
    manifest = read_manifest(done.folder)
    assert manifest.session_id == done.folder.name
    assert (manifest.participant, manifest.timezone, manifest.origin) == ("P01", "Europe/Berlin", "recorded")
    assert [block["placement"] for block in manifest.blocks] == ["hip", "left_thigh"]
    assert {block["exercise"] for block in manifest.blocks} == {"glute_bridge"}
    assert set(manifest.files) == {
        "raw-hip.mcap", "raw-left_thigh.mcap", "imu-hip.parquet", "imu-hip.json", "imu-left_thigh.parquet",
        "imu-left_thigh.json", "reps.parquet",
    }  # fmt: skip
    samples = [read(done.folder / f"imu-{place}.parquet") for place in ("hip", "left_thigh")]
    assert all(950 <= one.n_samples <= 1100 for one in samples)
    assert all(one.gaps_s.size == 0 for one in samples)
    assert abs(samples[0].time_s[-1] - samples[1].time_s[-1]) < 0.2  # one time base
    assert any("0.00 % lost" in line for line in lines)


def test_a_lost_sensor_is_said_loudly_and_so_is_its_return(tmp_path, capsys) -> None:
    done = record(tmp_path, 20.0, Faults(away_s=((5.0, 9.0),)))
    said = capsys.readouterr().err
    assert said.count("SENSOR LOST") == 2
    assert said.count("back, recording goes on") == 2
    assert done.trouble is None
    assert any("lost" in line and "0.00 %" not in line for line in close_session(done.folder))


def test_a_radio_that_is_switched_off_meanwhile_is_said_and_ends_nothing(tmp_path, capsys, monkeypatch) -> None:
    scan = PlainRadio.scan

    async def off_for_a_while(self, *arguments):
        if 5.0 < asyncio.get_running_loop().time() < 15.0:
            raise NoAdapterError("Bluetooth is off, or this computer has none.")
        return await scan(self, *arguments)

    monkeypatch.setattr(PlainRadio, "scan", off_for_a_while)
    # the second absence begins when even the longest drawn pauses between tries that fail are over
    done = record(tmp_path, 58.0, Faults(away_s=((5.0, 6.0), (45.0, 46.0))))
    said = capsys.readouterr().err
    assert done.trouble is None
    assert said.count("hip: Bluetooth is off") == 1
    assert said.index("SENSOR LOST") < said.index("Bluetooth is off") < said.index("back, recording goes on")
    assert said.count("back, recording goes on") == 4


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_signals_end_a_recording_cleanly(name: str, tmp_path, monkeypatch) -> None:
    look = record_view.Watched.look

    def look_and_kill(self, now_s):
        if now_s > 5.0:
            monkeypatch.setattr(record_view.Watched, "look", look)
            signal.raise_signal(getattr(signal, name))
        return look(self, now_s)

    monkeypatch.setattr(record_view.Watched, "look", look_and_kill)
    before = signal.getsignal(getattr(signal, name))
    done = record(tmp_path, 1000.0)
    assert done.trouble is None
    close_session(done.folder)
    assert 4.0 < read(done.folder / "imu-hip.parquet").duration_s < 7.0
    assert signal.getsignal(getattr(signal, name)) is before


def test_a_low_battery_is_said_once(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(GenericSpeaker, "battery_percent", 9)
    record(tmp_path, 5.0)
    assert capsys.readouterr().err.count("battery at 9 %") == 2  # each sensor once


@pytest.mark.parametrize(("planned_s", "words"), [(600.0, ""), (4 * 3600.0, "it may not last")])
def test_the_battery_is_held_against_the_planned_length(planned_s: float, words: str) -> None:
    status = Status("hip", battery_percent=40.0)
    watched = record_view.Watched(SimpleNamespace(status=status, take_recent=list), planned_s)
    said = " ".join(watched.look(0.0))
    assert words in said
    assert bool(said) == bool(words)


def test_on_a_terminal_a_table_is_drawn(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    record(tmp_path, 6.0, Faults(away_s=((2.0, 3.0),)))
    drawn = capsys.readouterr().err
    for words in ("left_thigh", "samples", "battery", "of 00:06", "Ctrl-C stops", "SENSOR LOST"):
        assert words in drawn


def test_a_display_that_fails_does_not_end_the_recording(tmp_path, monkeypatch, capsys) -> None:
    def broken(self, now_s):
        raise RuntimeError("terminal gone")

    monkeypatch.setattr(record_view.Watched, "look", broken)
    done = record(tmp_path, 5.0)
    assert done.trouble is None
    assert "terminal gone" in capsys.readouterr().err
    close_session(done.folder)
    assert read(done.folder / "imu-hip.parquet").n_samples > 450


def test_a_disk_that_fails_leaves_a_session_with_what_was_written(tmp_path, monkeypatch) -> None:
    flush = RawLogWriter.flush

    def full(self) -> None:
        if self.count > 100:
            self._give_up()
            raise RawLogError(self.path, "cannot be written: No space left on device.")
        flush(self)

    monkeypatch.setattr(RawLogWriter, "flush", full)
    done = record(tmp_path, 3000.0)
    monkeypatch.undo()
    assert isinstance(done.trouble, RawLogError)
    close_session(done.folder)
    assert verify_session(done.folder) == []
    assert "What was recorded is in" in str(recorder.tell_trouble(done.trouble, done.folder).message)


def test_a_sensor_that_is_absent_leaves_no_folder(tmp_path) -> None:
    @asynccontextmanager
    async def empty():
        yield PlainRadio([])

    sitting = Sitting("P01", "UTC", (("one", "hip"),))
    done = run_virtual(record_async(Request(sitting, empty, tmp_path, 5.0, clock=LoopClock())))
    assert done.folder is None
    assert isinstance(done.trouble, SensorNotFoundError)
    assert list(tmp_path.iterdir()) == []


def test_the_fit_check_is_guided_said_and_kept(tmp_path, capsys) -> None:
    worn = motion(still(13.0, (0, 1, 0)), still(60.0, (1, 0, 0)))  # stands, then lies
    done = record(tmp_path, 5.0, worn=worn, fit_check=Intended(catalogue()["glute_bridge"]))
    said = capsys.readouterr().err
    assert said.index("Stand upright") < said.index("Lie down") < said.index("Get into place for Glute bridge")
    assert "hip: fit doubtful: on the side, +y up, turned by 90°" in said  # the rep did not move it
    close_session(done.folder)
    decisions = read_manifest(done.folder).decisions
    assert [(one["rule"], one["placement"], one["grade"]) for one in decisions] == [
        ("fit_check", "hip", "doubtful"),
        ("fit_check", "left_thigh", "doubtful"),
    ]
    # the planned 5 s count from the end of the check, and what was moved in it is no part of the session
    samples = read(done.folder / "imu-hip.parquet")
    assert samples.duration_s == pytest.approx(5.0, abs=0.5)
    assert samples.time_s[0] > 40.0
    log = read_raw(done.folder / "raw-hip.mcap")
    assert (log.packets[-1].monotonic_ns - log.packets[0].monotonic_ns) * 1e-9 > 45.0


def test_a_display_that_fails_in_the_fit_check_begins_the_session(tmp_path, monkeypatch, capsys) -> None:
    async def broken(*_) -> None:
        await asyncio.sleep(3.0)
        raise RuntimeError("terminal gone")

    monkeypatch.setattr("sciatrack.fit_guide.guide_fit", broken)
    done = record(tmp_path, 5.0, fit_check=Intended(catalogue()["generic"]))
    close_session(done.folder)
    assert "terminal gone" in capsys.readouterr().err
    assert read(done.folder / "imu-hip.parquet").duration_s == pytest.approx(5.0, abs=0.5)


def test_what_is_stopped_before_its_fit_check_is_over_is_kept_whole(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("sciatrack.fit_guide.STANDING", Step("standing", "Stand.", 1000.0, 5.0))
    look = record_view.Watched.look

    def look_and_stop(self, now_s):
        if now_s > 5.0:
            monkeypatch.setattr(record_view.Watched, "look", look)
            signal.raise_signal(signal.SIGINT)
        return look(self, now_s)

    monkeypatch.setattr(record_view.Watched, "look", look_and_stop)
    done = record(tmp_path, 5.0, fit_check=Intended(catalogue()["generic"]))
    close_session(done.folder)
    assert read(done.folder / "imu-hip.parquet").duration_s > 3.0


def test_the_page_is_not_told_what_is_measured_in_a_fit_check(tmp_path) -> None:
    speaker = PolarSpeaker()
    speaker.connected(244)
    answers = [
        RawPacket(one.characteristic, one.payload, 10 + n, 0)
        for n, one in enumerate(speaker.write(CONTROL, b"\x02\x02"))
    ]
    rows = np.zeros((20, 3))
    frames = [
        RawPacket(one.characteristic, one.payload, at, 0)
        for at in (20, 40)
        for one in speaker.encode(Packet(0, at, 0.02, rows, rows))
    ]
    head = RawHeader("polar", "hip", "P01", "s", "2026-03-02T17:30:00Z", 0)
    events = (Event("connect", 1, 0, {}), Event("begin", 30, 0, {}))
    log = RawLog(tmp_path, head, (*answers, *frames), events, (), True, 0)
    shown = [one.packet for one in numbered("hip", log)]
    assert shown == [*answers, frames[1]]

    told = []
    session, status = SimpleNamespace(preparing=True), Status("hip", family=REGISTRY["polar"])
    feed = SimpleNamespace(packet=told.append)
    for packet in (*answers, frames[0]):
        _tapped(feed, session, status, 1, packet)
    session.preparing = False
    _tapped(feed, session, status, 1, frames[1])
    assert [one.packet for one in told] == shown


def test_a_fit_check_outlives_an_analysis_that_fails(tmp_path, monkeypatch) -> None:
    worn = motion(still(13.0, (0, 1, 0)), still(60.0, (1, 0, 0)))
    done = record(tmp_path, 5.0, worn=worn, fit_check=Intended(catalogue()["generic"]))
    monkeypatch.setattr("sciatrack.closing._analysis", lambda *_: 1 / 0)
    assert any("not analysed" in line for line in close_session(done.folder))
    assert [one["rule"] for one in read_manifest(done.folder).decisions] == ["fit_check", "fit_check"]


def test_the_rep_of_the_fit_check_is_of_what_will_be_done() -> None:
    known = catalogue()
    items = (PlanItem("clamshell", "left", 1, 10, 3.0), PlanItem("glute_bridge", "both", 1, 10, 5.0))
    plan = Plan("", items)
    assert intended("pelvic_tilt", "both", None, known) == Intended(known["pelvic_tilt"], "both")
    assert intended(None, None, plan, known) == Intended(known["clamshell"], "left")
    assert intended(None, None, None, known).words == "your exercise"
    assert intended("auto", None, None, known).exercise.id == "generic"


def test_disk_and_battery_are_held_against_the_length_of_the_plan(tmp_path, monkeypatch) -> None:
    items = (PlanItem("clamshell", "each", 2, 10, 5.0, 60.0), PlanItem("childs_pose", "both", 1, 3, 30.0, 0.0))
    length_s = plan_length_s(Plan("", items), catalogue())
    # by hand: 4 sets of 10 x (5 + 8) with 25 before and 60 after, then 3 x (30 + 8) with 25 before
    assert length_s == 4 * (10 * 13 + 25 + 60) + 3 * 38 + 25
    request = Request(Sitting("P01", "UTC", ((None, "hip"),)), None, tmp_path, planned_s=40 * 3600.0)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("usage", (), {"free": 2_000_000_000}))
    with pytest.raises(DiskSpaceError, match="this recording needs 3700 MB"):
        recorder.record(request)
    assert Request(request.sitting, None, tmp_path, 60.0, planned_s=1e6).length_s == 60.0


def test_a_sensor_at_another_rate_and_a_slow_disk_are_said_while_it_lasts(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("sciatrack.live_rate.SURE_S", 3.0)
    record(tmp_path / "wrong", 5.0, Faults(rate_ratio=0.8))
    told = re.findall(r"(\w+): the rate is ([\d.]+) Hz instead of 100 Hz", capsys.readouterr().err)
    assert sorted(place for place, _ in told) == ["hip", "left_thigh"]
    assert all(float(rate_hz) == pytest.approx(80.0, abs=2.0) for _, rate_hz in told)
    monkeypatch.setattr("sciatrack_ingest.collector.RawQueue", partial(RawQueue, capacity=5, flush_every_s=1e6))
    record(tmp_path / "slow", 5.0)
    said = capsys.readouterr().err
    assert "packets were lost: the disk does not keep up" in said
    assert "the rate is" not in said


def test_too_little_room_is_refused_before_anything_starts(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("usage", (), {"free": 120_000_000}))
    check_disk(tmp_path / "new" / "sessions", 600.0, 1)
    with pytest.raises(DiskSpaceError, match="only 120 MB are free"):
        check_disk(tmp_path / "new" / "sessions", 3600.0, 2)


def test_a_file_in_the_place_of_a_folder_is_refused_before_anything_starts(tmp_path) -> None:
    (tmp_path / "notes").write_text("")
    with pytest.raises(DiskSpaceError, match="notes is a file"):
        check_disk(tmp_path / "notes" / "sessions", 1.0, 1)


def test_a_folder_that_cannot_be_made_is_one_error_in_words(tmp_path) -> None:
    (tmp_path / "sub").write_text("")  # between the check and the first sensor
    done = record(tmp_path / "sub", 5.0)
    assert isinstance(done.trouble, RawLogError)
    assert "cannot be written: Not a directory" in str(done.trouble)
    assert done.folder is None


def test_words_that_a_session_cannot_keep_are_refused() -> None:
    with pytest.raises(PseudonymError):
        Sitting("Anna Maria Beispiel", "UTC", ((None, "hip"),))
    with pytest.raises(ZoneError):
        Sitting("P01", "Berlin", ((None, "hip"),))
    with pytest.raises(ValueError, match="placement of its own"):
        Sitting("P01", "UTC", (("a", "hip"), ("b", "hip")))


def test_the_local_zone_is_a_zone(monkeypatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert recorder.local_timezone() == "Europe/Berlin"
    monkeypatch.setenv("TZ", "nonsense")
    assert recorder.local_timezone()
