"""bleak's unmodified client and scanner against the virtual sensor: real ATT over bumble, on a virtual clock."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

pytest.importorskip("bumble", reason="the sensor in software needs the extra `demo`")

from bleak import BleakClient, BleakScanner
from bleak.exc import BleakCharacteristicNotFoundError, BleakError

from sciatrack_ingest.ble import BleakRadio
from sciatrack_ingest.collector import SensorRecorder
from sciatrack_ingest.radio import LinkError, MissingCharacteristicError
from sciatrack_ingest.rawlog import RawHeader, RawLogWriter
from sciatrack_ingest.rawread import read_raw
from sciatrack_ingest.virtual.air import Air
from sciatrack_ingest.virtual.bleak_backend import client_backend, scanner_backend
from sciatrack_ingest.virtual.clock import LoopClock, run_virtual
from sciatrack_ingest.virtual.faults import Faults, random_faults
from sciatrack_ingest.virtual.peripheral import on_air
from sciatrack_ingest.virtual.sensor import Motion, VirtualSensor
from sciatrack_ingest.virtual.speakers import GenericSpeaker, PolarSpeaker, Speaker
from sciatrack_ingest.virtual.speakers.generic import CONTROL, DATA, SERVICE

ADDRESS = "F0:F1:F2:F3:F4:01"
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"


class Room:
    """A virtual air with sensors on it, and bleak's two backends."""

    def __init__(self, sensors: list[VirtualSensor], central) -> None:
        self.sensors = sensors
        self.scanner, self.client = scanner_backend(central), client_backend(central)
        self.radio = BleakRadio(self.scanner, self.client)

    async def device(self):
        return await BleakScanner.find_device_by_address(ADDRESS, timeout=5.0, backend=self.scanner)


@asynccontextmanager
async def room(*speakers: Speaker, faults: Faults | None = None, mtu: int = 247) -> AsyncIterator[Room]:
    air = Air()
    motion = Motion(100.0, np.zeros((100, 3)), np.zeros((100, 3)))
    sensors = [VirtualSensor(speaker, motion, faults) for speaker in speakers]
    async with _all_on_air(air, sensors, mtu):
        central = air.new_central()
        await central.power_on()
        yield Room(sensors, central)
        await central.power_off()


@asynccontextmanager
async def _all_on_air(air: Air, sensors: list[VirtualSensor], mtu: int) -> AsyncIterator[None]:
    if not sensors:
        yield
        return
    async with (
        on_air(air, sensors[0], f"{ADDRESS[:-2]}{len(sensors):02X}", mtu),
        _all_on_air(air, sensors[1:], mtu),
    ):
        yield


def test_a_scanner_hears_name_services_maker_and_strength() -> None:
    async def program():
        async with room(GenericSpeaker("left"), PolarSpeaker()) as here:
            return await BleakScanner.discover(timeout=1.0, return_adv=True, backend=here.scanner)

    heard = {data.local_name: data for _, data in run_virtual(program()).values()}
    assert set(heard) == {"left", "Polar Sense 6D4B5E28"}
    assert heard["left"].service_uuids == [SERVICE]
    assert 0x6B in heard["Polar Sense 6D4B5E28"].manufacturer_data
    assert heard["left"].rssi < 0


def test_a_client_reads_writes_and_is_notified() -> None:
    async def program():
        got = []
        async with (
            room(GenericSpeaker()) as here,
            BleakClient(await here.device(), backend=here.client) as client,
        ):
            battery = await client.read_gatt_char(BATTERY)
            await client.start_notify(DATA, lambda _, data: got.append(bytes(data)))
            await asyncio.sleep(1.0)
            before = len(got)
            await client.write_gatt_char(CONTROL, b"\x01", response=True)
            await asyncio.sleep(1.0)
            await client.stop_notify(DATA)
            after = len(got)
            await asyncio.sleep(1.0)
            return battery, before, after, got, here.sensors[0].delivered

    battery, before, after, got, delivered = run_virtual(program())
    assert battery == bytearray([87])
    assert before == 0
    assert 90 < after <= 101
    assert len(got) == after
    numbers = [int.from_bytes(data[2:4], "little") for data in got]
    assert numbers == [one.first_row for one in delivered[: len(numbers)]] == list(range(after))


def test_a_lost_link_is_told_and_ends_what_is_under_way() -> None:
    async def program():
        lost = []
        async with room(GenericSpeaker(), faults=Faults(away_s=((1.0, 2.0),))) as here:
            device = await here.device()
            client = BleakClient(device, lambda _: lost.append(True), backend=here.client)
            await client.connect()
            await client.start_notify(DATA, lambda *_: None)
            await client.write_gatt_char(CONTROL, b"\x01")
            async with asyncio.timeout(5.0):
                while not lost:
                    await asyncio.sleep(0.1)
            with pytest.raises(BleakError):
                await client.write_gatt_char(CONTROL, b"\x01", response=True)
            assert not client.is_connected
            await asyncio.sleep(1.5)
            async with BleakClient(await here.device(), backend=here.client) as again:
                return again.is_connected

    assert run_virtual(program())


@pytest.mark.parametrize("steps", [0, 2, 5])
def test_a_sensor_is_switched_off_in_silence_whatever_is_under_way(steps: int) -> None:
    async def program() -> list[str]:
        said = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: said.append(str(what)))
        air = Air()
        sensor = VirtualSensor(GenericSpeaker(), Motion(100.0, np.zeros((100, 3)), np.zeros((100, 3))))
        central = air.new_central()
        await central.power_on()
        async with on_air(air, sensor, ADDRESS) as device:
            client = BleakClient(ADDRESS, backend=client_backend(central))
            await client.connect()
            air.lose_link(device)  # so the sensor begins to advertise again
            for _ in range(steps):
                await asyncio.sleep(0)
        await central.power_off()
        return said

    assert run_virtual(program()) == []


def test_a_sensor_out_of_range_is_not_found() -> None:
    async def program():
        async with room(GenericSpeaker()) as here:
            here.sensors[0].in_range = False
            here.sensors[0]._range_changed()
            await asyncio.sleep(0.1)
            return await here.device()

    assert run_virtual(program()) is None


def test_unknown_characteristics_are_refused_by_bleak_and_named_by_the_radio() -> None:
    async def program():
        async with room(GenericSpeaker()) as here:
            async with BleakClient(await here.device(), backend=here.client) as client:
                with pytest.raises(BleakCharacteristicNotFoundError):
                    await client.read_gatt_char(SERVICE)
            (found,) = await here.radio.scan(1.0)
            link = await here.radio.connect(found, lambda: None)
            with pytest.raises(MissingCharacteristicError):
                await link.read(SERVICE)
            await link.close()
            with pytest.raises(LinkError):
                await link.read(BATTERY)
            await link.close()

    run_virtual(program())


@pytest.mark.parametrize("mtu", [23, 100, 247])
def test_the_radio_knows_the_mtu_that_was_agreed_on(mtu: int) -> None:
    async def program():
        async with room(GenericSpeaker(), mtu=mtu) as here:
            link = await here.radio.connect((await here.radio.scan(1.0))[0], lambda: None)
            agreed = link.mtu
            await link.close()
            return agreed, here.sensors[0].speaker.payload_bytes

    agreed, payload = run_virtual(program())
    assert agreed == mtu
    assert payload == mtu - 3


def test_two_sensors_at_once() -> None:
    async def program():
        counts = [0, 0]
        async with room(GenericSpeaker("a"), GenericSpeaker("b")) as here:
            links = []
            for at, found in enumerate(await here.radio.scan(1.0)):
                link = await here.radio.connect(found, lambda: None)

                def count(data: bytes, at: int = at) -> None:
                    counts[at] += 1

                await link.subscribe(DATA, count)
                await link.write(CONTROL, b"\x01", True)
                links.append(link)
            await asyncio.sleep(2.0)
            for link in links:
                await link.close()
        return counts

    assert all(190 < count < 210 for count in run_virtual(program()))


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_the_collector_survives_faults_on_the_whole_stack(seed: int, tmp_path, monkeypatch) -> None:
    clients = []

    def fresh(*arguments, **more) -> BleakClient:
        clients.append(BleakClient(*arguments, **more))
        return clients[-1]

    monkeypatch.setattr("sciatrack_ingest.ble.BleakClient", fresh)
    faults = random_faults(seed, 30.0)
    assert faults.dead_s or faults.away_s or faults.reboots_s  # the link breaks at least once

    def open_log(found, family):
        return RawLogWriter(tmp_path / "raw", RawHeader(family.name, "hip", "P01", "s", "2026-03-02T08:00:00Z", 0))

    async def program():
        async with room(GenericSpeaker(samples_per_packet=10), faults=faults) as here:
            recorder = SensorRecorder(here.radio, None, "hip", open_log, clock=LoopClock(), rng=random.Random(0))
            stop = asyncio.Event()
            task = asyncio.create_task(recorder.run(stop))
            await asyncio.wait([task], timeout=45.0)
            stop.set()
            await task
            return recorder, here.sensors[0].delivered

    recorder, delivered = run_virtual(program())
    assert 1 < recorder.status.connections <= len(clients)  # a used client remembers what is no longer true
    links = Counter(one.link for one in delivered)
    log = read_raw(tmp_path / "raw")
    assert log.finished
    # the last packet before a link breaks may be on the way, as on a real one
    assert 0 <= len(delivered) - len(log.packets) <= len(links)
    sent = iter([one.device_row for one in delivered])
    assert all(row in sent for row in _numbers(log))  # in order, each at most once


def _numbers(log) -> list[int]:
    return [int.from_bytes(packet.payload[2:4], "little") for packet in log.packets]
