"""Whatever the link does, what it delivered is in the file once and in order, and the recorder comes back."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest

from sciatrack_ingest.collector import SensorRecorder, collect
from sciatrack_ingest.connecting import (
    MtuTooSmallError,
    Patience,
    SensorNotFoundError,
    SilentSensorError,
    UnknownSensorError,
    WrongFirmwareError,
)
from sciatrack_ingest.radio import LinkError
from sciatrack_ingest.rawlog import RawHeader, RawLogError, RawLogWriter
from sciatrack_ingest.rawread import RawLog, read_raw
from sciatrack_ingest.sensors import REGISTRY
from sciatrack_ingest.sensors.polar_control import ACC, GYRO
from sciatrack_ingest.status import State
from sciatrack_ingest.virtual.clock import LoopClock, run_virtual
from sciatrack_ingest.virtual.faults import Faults, random_faults
from sciatrack_ingest.virtual.plain_radio import PlainLink, PlainRadio
from sciatrack_ingest.virtual.sensor import Motion, VirtualSensor
from sciatrack_ingest.virtual.speakers import (
    SPEAKERS,
    GenericSpeaker,
    MovesenseSpeaker,
    Packet,
    PolarSpeaker,
    Speaker,
)
from sciatrack_ingest.virtual.speakers.base import Service

MOTION = Motion(100.0, np.zeros((10, 3)), np.zeros((10, 3)))
SECONDS = 40.0


def opener(path):
    def open_log(found, family) -> RawLogWriter:
        return RawLogWriter(path, RawHeader(family.name, "hip", "P01", "s", "2026-03-02T08:00:00Z", 0))

    return open_log


class Run:
    """A recorder, its sensor and its file after `seconds` of virtual time."""

    def __init__(
        self, path, faults: Faults | None = None, seconds: float = SECONDS, speaker=None, radio=PlainRadio, **more
    ):
        self.path = path

        async def program() -> None:
            self.sensor = VirtualSensor(speaker or GenericSpeaker(samples_per_packet=5), MOTION, faults)
            life = asyncio.create_task(self.sensor.run())
            self.radio = radio([self.sensor])
            self.recorder = SensorRecorder(
                self.radio, None, "hip", opener(path), clock=LoopClock(), rng=random.Random(0), **more
            )
            self.status = self.recorder.status
            stop = asyncio.Event()
            task = asyncio.create_task(collect([self.recorder], stop))
            await asyncio.wait([task], timeout=seconds)
            self.states = self.status.state
            stop.set()
            self.asked_s = asyncio.get_running_loop().time()
            try:
                await task
            finally:
                life.cancel()

        run_virtual(program())

    @property
    def stopping_s(self) -> float:
        """From the wish to stop until nothing more is recorded; the disk's own time is not virtual."""
        return self.events("stop")[0].monotonic_ns * 1e-9 - self.asked_s

    @property
    def log(self) -> RawLog:
        return read_raw(self.path)

    def rows(self) -> list[int]:
        """The number of the first sample of each packet in the file."""
        return [int.from_bytes(packet.payload[2:4], "little") for packet in self.log.packets]

    def events(self, kind: str) -> list:
        return [event for event in self.log.events if event.kind == kind]


@pytest.mark.parametrize("seed", range(24))
def test_all_that_was_delivered_is_in_the_file_in_order(seed: int, tmp_path) -> None:
    run = Run(tmp_path / "raw.mcap", random_faults(seed, SECONDS - 5.0))
    rows = run.rows()
    assert rows == [one.device_row for one in run.sensor.delivered]
    assert len(rows) > 1000 / 5
    assert run.log.finished
    assert run.log.problems == ()
    assert run.status.packets == len(rows)
    assert run.states is State.RECORDING  # 5 quiet seconds at the end are enough to be back


def test_out_of_range_is_told_and_mended(tmp_path) -> None:
    run = Run(tmp_path / "raw.mcap", Faults(away_s=((10.0, 15.0),)))
    assert [event.data["connection"] for event in run.events("connect")] == [1, 2]
    assert [event.data["reason"] for event in run.events("disconnect")] == ["lost", "stop"]
    for kind, data in (("mtu", {"mtu": 247}), ("rssi", {"rssi_dbm": -50}), ("battery", {"percent": 87.0})):
        assert [{k: v for k, v in one.data.items() if k != "kind"} for one in run.events(kind)] == [data, data]
    order = [event.kind for event in run.log.events]
    assert order[:5] == ["connect", "mtu", "rssi", "battery", "disconnect"]
    gap_s = np.diff([packet.monotonic_ns * 1e-9 for packet in run.log.packets])
    assert 5.0 < max(gap_s) < 5.0 + 1.5


def test_a_stream_that_dies_is_noticed_although_the_link_is_up(tmp_path) -> None:
    run = Run(tmp_path / "raw.mcap", Faults(dead_s=(10.0,)))
    assert [event.data["reason"] for event in run.events("disconnect")] == ["silent", "stop"]
    assert run.rows()[-1] > 3500


@pytest.mark.parametrize("dies_s", [20.0, 90.0])
def test_one_of_two_streams_that_dies_is_noticed_but_not_at_the_cost_of_the_other(dies_s: float, tmp_path) -> None:
    class HalfDead(PolarSpeaker):
        """Sends no angular rate from some moment on, until it is started anew."""

        links = 0

        def disconnected(self) -> None:
            super().disconnected()
            self.links += 1

        def encode(self, packet: Packet) -> list:
            dead = self.links == 0 and packet.first_time_s > dies_s
            return super().encode(packet)[: 1 if dead else None]

    run = Run(tmp_path / "raw.mcap", speaker=HalfDead(), seconds=120.0)
    lost = run.events("disconnect")[0]
    assert [event.data["reason"] for event in run.events("disconnect")] == ["silent", "stop"]
    # soon where the connection stood for a minute, else not before that
    assert max(dies_s + 3.0, 60.0) < lost.monotonic_ns * 1e-9 < max(dies_s, 60.0) + 6.0
    later = [one.payload[0] for one in run.log.packets if one.monotonic_ns > lost.monotonic_ns + 3e9]
    assert later.count(GYRO) == pytest.approx(later.count(ACC), abs=2)


def test_answers_are_no_data(tmp_path) -> None:
    class OnlyAnswers(MovesenseSpeaker):
        def encode(self, packet: Packet) -> list:
            return []

    with pytest.raises(SilentSensorError, match="sends nothing"):
        Run(tmp_path / "raw.mcap", speaker=OnlyAnswers(), seconds=200.0)


def test_a_reboot_gets_the_start_command_again(tmp_path) -> None:
    run = Run(tmp_path / "raw.mcap", Faults(reboots_s=(10.0,)))
    assert run.status.connections == 2
    assert run.rows()[-1] > 2500
    assert min(np.diff(run.rows())) < -900


@pytest.mark.parametrize("family", SPEAKERS)
def test_each_connection_is_scanned_for_anew_and_listens_before_it_starts(
    family: str, tmp_path, monkeypatch
) -> None:
    done: list[tuple[str, object]] = []

    def noting(owner: type, name: str) -> None:
        real = getattr(owner, name)

        async def call(self, *arguments):
            done.append((name, arguments[0]))
            return await real(self, *arguments)

        monkeypatch.setattr(owner, name, call)

    for owner, name in (
        (PlainRadio, "scan"),
        (PlainRadio, "connect"),
        (PlainLink, "subscribe"),
        (PlainLink, "write"),
    ):
        noting(owner, name)
    known = REGISTRY[family]
    Run(tmp_path / "raw.mcap", Faults(away_s=((5.0, 6.0),)), 15.0, SPEAKERS[family]())
    names = [name for name, _ in done]
    starts = [at for at, name in enumerate(names) if name == "connect"]
    assert len(starts) >= 2
    assert len({id(found) for name, found in done if name == "connect"}) == len(starts)  # no stale handle
    for at, end in pairwise([*starts, len(done)]):
        assert names[at - 1] == "scan"
        first = [uuid for name, uuid in done[at + 1 : end]][: len(known.notify_uuids)]
        assert tuple(first) == known.notify_uuids  # all of them, then commands


def test_stopping_is_prompt_and_sends_the_stop_command(tmp_path) -> None:
    run = Run(tmp_path / "raw.mcap")
    assert run.stopping_s < 0.5
    assert not run.sensor.speaker.streaming
    assert run.events("stop")


def test_stopping_while_searching_is_prompt(tmp_path) -> None:
    run = Run(tmp_path / "raw.mcap", Faults(away_s=((2.0, 100.0),)), 20.0)
    assert run.states is State.LOST
    assert run.stopping_s < 0.5
    assert run.log.finished


def test_a_sensor_that_is_not_there_is_said_to_be_not_there(tmp_path) -> None:
    class Empty(PlainRadio):
        def __init__(self, sensors) -> None:
            super().__init__([])

    with pytest.raises(SensorNotFoundError, match="not heard within 10 s"):
        Run(tmp_path / "raw.mcap", radio=Empty)
    assert not (tmp_path / "raw.mcap").exists()


def test_others_that_were_heard_are_named(tmp_path) -> None:
    async def program() -> None:
        radio = PlainRadio([VirtualSensor(GenericSpeaker("left hip"), MOTION)])
        recorder = SensorRecorder(radio, "right hip", "hip", opener(tmp_path / "raw.mcap"), clock=LoopClock())
        await recorder.run(asyncio.Event())

    with pytest.raises(SensorNotFoundError, match=r"right hip.*Heard instead: left hip"):
        run_virtual(program())


def test_a_device_that_is_no_sensor_is_told_from_one_that_is_absent(tmp_path) -> None:
    class Headset(Speaker):
        family, local_name, services, data_uuid = "none", "Headset", (), ""

    async def program() -> None:
        radio = PlainRadio([VirtualSensor(Headset(), MOTION)])
        await SensorRecorder(radio, "headset", "hip", opener(tmp_path / "r"), clock=LoopClock()).run(
            asyncio.Event()
        )

    with pytest.raises(UnknownSensorError, match="none of the sensors"):
        run_virtual(program())


def test_a_firmware_without_the_data_service_is_named(tmp_path) -> None:
    speaker = GenericSpeaker()
    speaker.services = (Service(speaker.services[0].uuid, ()),)
    with pytest.raises(WrongFirmwareError, match="firmware"):
        Run(tmp_path / "raw.mcap", speaker=speaker)


def test_a_link_that_is_too_narrow_is_named_with_both_numbers(tmp_path) -> None:
    class Narrow(PlainRadio):
        def __init__(self, sensors) -> None:
            super().__init__(sensors, mtu=64)

    with pytest.raises(MtuTooSmallError, match="carries 64 bytes"):
        Run(tmp_path / "raw.mcap", speaker=PolarSpeaker(), radio=Narrow)


def test_a_sensor_that_sends_nothing_at_all_is_given_up_after_some_tries(tmp_path) -> None:
    class Mute(GenericSpeaker):
        def write(self, characteristic: str, data: bytes) -> list:
            return []

    with pytest.raises(SilentSensorError, match="sends nothing"):
        Run(tmp_path / "raw.mcap", speaker=Mute(), seconds=200.0)


def test_a_radio_that_hangs_while_scanning_is_asked_again(tmp_path) -> None:
    class Hanging(PlainRadio):
        scans = 0

        async def scan(self, seconds, until=None):
            self.scans += 1
            if self.scans == 2:
                await asyncio.Event().wait()
            return await super().scan(seconds, until)

    run = Run(tmp_path / "raw.mcap", Faults(dead_s=(2.0,)), seconds=60.0, radio=Hanging)
    assert run.states is State.RECORDING
    assert run.status.connections == 2


def test_connections_that_fail_are_tried_again_with_growing_pauses(tmp_path) -> None:
    class Shy(PlainRadio):
        tries: ClassVar[list[float]] = []

        async def connect(self, found, on_lost) -> PlainLink:
            self.tries.append(asyncio.get_running_loop().time())
            if 2 <= len(self.tries) <= 7:
                raise LinkError("busy")
            return await super().connect(found, on_lost)

    run = Run(tmp_path / "raw.mcap", Faults(dead_s=(2.0,)), seconds=120.0, radio=Shy)
    pauses = np.diff(Shy.tries[1:8])
    assert len(Shy.tries) == 8
    assert all(later > 1.2 * sooner for sooner, later in zip(pauses[:-2:2], pauses[2::2], strict=False))
    assert max(pauses) < Patience().backoff[1] + 1.0
    assert run.states is State.RECORDING


class Breaking(PlainRadio):
    """The second to eighth connection end soon, before the sensor's data reach us."""

    tries: ClassVar[list[float]] = []

    async def connect(self, found, on_lost) -> PlainLink:
        link = await super().connect(found, on_lost)
        self.tries.append(asyncio.get_running_loop().time())
        if 2 <= len(self.tries) <= 8:

            async def nothing_comes(uuid, on_data) -> None:
                return None

            link.subscribe = nothing_comes
            asyncio.get_running_loop().call_later(0.3, self._drop, found.handle)
        return link


def test_pauses_grow_while_links_break_before_data_and_are_short_again_after(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(Breaking, "tries", [])
    run = Run(tmp_path / "raw.mcap", Faults(dead_s=(2.0, 110.0)), seconds=120.0, radio=Breaking)
    pauses = np.diff(Breaking.tries)
    assert len(pauses) == 9  # after the stream died, seven that grow, and after the stream died again
    assert pauses[-2] > 8 * pauses[1]
    # it flowed between, so the next try comes soon: 3 s to notice, less than 1 s to pause
    assert Breaking.tries[-1] - 110.0 < 5.5
    assert run.states is State.RECORDING


def test_a_sensor_that_was_heard_for_a_moment_is_sought_for_ever(tmp_path) -> None:
    run = Run(tmp_path / "raw.mcap", Faults(away_s=((0.5, 30.0),)))
    assert 0 < sum(packet.monotonic_ns < 0.6e9 for packet in run.log.packets) < 10
    assert run.status.connections == 2
    assert run.states is State.RECORDING


def test_sensors_are_connected_one_at_a_time_and_both_are_recorded(tmp_path) -> None:
    class Watching(PlainRadio):
        busy = 0
        most = 0

        async def connect(self, found, on_lost) -> PlainLink:
            self.busy += 1
            self.most = max(self.most, self.busy)
            link = await super().connect(found, on_lost)
            self.busy -= 1
            return link

    async def program():
        sensors = [VirtualSensor(GenericSpeaker(name), MOTION) for name in ("a", "b")]
        lives = [asyncio.create_task(sensor.run()) for sensor in sensors]
        radio, stop, turn = Watching(sensors), asyncio.Event(), asyncio.Lock()
        recorders = [
            SensorRecorder(radio, name, name, opener(tmp_path / name), clock=LoopClock(), turn=turn)
            for name in ("a", "b")
        ]
        task = asyncio.create_task(collect(recorders, stop))
        await asyncio.sleep(5.0)
        stop.set()
        await task
        for life in lives:
            life.cancel()
        return radio.most, [recorder.status.packets for recorder in recorders]

    most, packets = run_virtual(program())
    assert most == 1
    assert all(430 < count <= 500 for count in packets)
    assert [len(read_raw(tmp_path / name).packets) for name in ("a", "b")] == packets


def test_a_sensor_that_stays_away_does_not_keep_another_from_coming_back(tmp_path) -> None:
    async def program():
        away = {
            "a": Faults(away_s=((5.0, 1000.0),)),
            "b": Faults(away_s=((20.0, 21.0), (40.0, 41.0), (60.0, 61.0))),
        }
        sensors = [VirtualSensor(GenericSpeaker(name), MOTION, faults) for name, faults in away.items()]
        lives = [asyncio.create_task(sensor.run()) for sensor in sensors]
        radio, stop, turn = PlainRadio(sensors), asyncio.Event(), asyncio.Lock()
        recorders = [
            SensorRecorder(
                radio, name, name, opener(tmp_path / name), clock=LoopClock(), turn=turn, rng=random.Random(0)
            )
            for name in away
        ]
        task = asyncio.create_task(collect(recorders, stop))
        await asyncio.sleep(80.0)
        stop.set()
        await task
        for life in lives:
            life.cancel()

    run_virtual(program())
    came_s = np.array([packet.monotonic_ns for packet in read_raw(tmp_path / "b").packets]) * 1e-9
    gaps_s = np.diff(came_s)
    assert (gaps_s > 0.5).sum() == 3
    assert gaps_s.max() < 1.0 + 4.5


def test_a_sensor_that_never_comes_ends_the_others_cleanly(tmp_path) -> None:
    async def program() -> None:
        sensor = VirtualSensor(GenericSpeaker("a"), MOTION)
        life = asyncio.create_task(sensor.run())
        radio, turn = PlainRadio([sensor]), asyncio.Lock()
        recorders = [
            SensorRecorder(radio, name, name, opener(tmp_path / name), clock=LoopClock(), turn=turn)
            for name in ("a", "b")
        ]
        try:
            await collect(recorders, asyncio.Event())
        finally:
            life.cancel()

    with pytest.raises(SensorNotFoundError, match=r"^b was not heard"):
        run_virtual(program())
    assert read_raw(tmp_path / "a").finished


def test_a_disk_that_fails_ends_the_recording_and_keeps_what_was_written(tmp_path) -> None:
    class FullDisk(RawLogWriter):
        def flush(self) -> None:
            if self.count > 1000:
                self._give_up()
                raise RawLogError(self.path, "cannot be written: No space left on device.")
            super().flush()

    def open_log(found, family) -> RawLogWriter:
        return FullDisk(tmp_path / "raw.mcap", RawHeader(family.name, "hip", "P01", "s", "2026-03-02T08:00:00Z", 0))

    async def program() -> None:
        sensor = VirtualSensor(GenericSpeaker(), MOTION)
        life = asyncio.create_task(sensor.run())
        recorder = SensorRecorder(PlainRadio([sensor]), None, "hip", open_log, clock=LoopClock())
        try:
            await recorder.run(asyncio.Event())
        finally:
            life.cancel()

    with pytest.raises(RawLogError, match="No space left"):
        run_virtual(program())
    assert read_raw(tmp_path / "raw.mcap").header is not None
