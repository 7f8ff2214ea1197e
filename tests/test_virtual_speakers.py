"""Each protocol spoken by the virtual sensor, decoded by its sensor family: the two were written apart."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from sciatrack_ingest.collector import SensorRecorder
from sciatrack_ingest.rawlog import RawHeader, RawLogWriter
from sciatrack_ingest.rawread import read_raw
from sciatrack_ingest.sensors import REGISTRY
from sciatrack_ingest.virtual.clock import LoopClock, run_virtual
from sciatrack_ingest.virtual.faults import Faults
from sciatrack_ingest.virtual.plain_radio import PlainRadio
from sciatrack_ingest.virtual.sensor import Motion, VirtualSensor
from sciatrack_ingest.virtual.speakers import SPEAKERS

SECONDS = 20.0
RATES_HZ = {"generic": 100.0, "movesense": 52.0, "polar": 52.0, "witmotion": 100.0, "dot": 60.0}
# Half a step of each protocol's numbers, in m/s^2 and rad/s; floats carry six digits.
STEPS = {
    "generic": (9.81 / 4096, np.radians(1 / 16)),
    "movesense": (1e-5, 1e-5),
    "polar": (9.81 * 8 / 32768, np.radians(2000 / 32768)),
    "witmotion": (9.81 * 16 / 32768, np.radians(2000 / 32768)),
    "dot": (1e-5, 1e-5),
}


def motion(rate_hz: float) -> Motion:
    """Slow waves, each axis its own, far from the ends of every range."""
    at_s = np.arange(int(rate_hz * SECONDS)) / rate_hz
    waves = np.stack([np.sin(2 * np.pi * (0.2 + 0.1 * axis) * at_s + axis) for axis in range(6)], axis=1)
    return Motion(rate_hz, 9.0 * waves[:, :3], 3.0 * waves[:, 3:])


def record(name: str, path, faults: Faults | None = None):
    async def program():
        sensor = VirtualSensor(SPEAKERS[name](), motion(RATES_HZ[name]), faults)
        life = asyncio.create_task(sensor.run())
        stop = asyncio.Event()

        def open_log(found, family):
            return RawLogWriter(path, RawHeader(family.name, "hip", "P01", "s", "2026-03-02T08:00:00Z", 0))

        recorder = SensorRecorder(PlainRadio([sensor]), None, "hip", open_log, clock=LoopClock())
        task = asyncio.create_task(recorder.run(stop))
        while sensor.origin_s is None:
            await asyncio.sleep(0.1)
            assert not task.done(), task.exception()
        await asyncio.sleep(SECONDS * 0.9)
        stop.set()
        await task
        life.cancel()
        return sensor, recorder

    return run_virtual(program())


@pytest.mark.parametrize("name", SPEAKERS)
def test_what_is_spoken_is_recognised_and_understood(name: str, tmp_path) -> None:
    sensor, recorder = record(name, tmp_path / "raw.mcap")
    family = REGISTRY[name]
    assert recorder.status.family is family
    decoded = family.decode(read_raw(tmp_path / "raw.mcap").packets)
    rows = np.arange(decoded.n_samples)
    assert decoded.n_samples >= 0.88 * SECONDS * RATES_HZ[name]
    acc_step, gyr_step = STEPS[name]
    np.testing.assert_allclose(decoded.acc, sensor.motion.acc[rows], atol=acc_step)
    np.testing.assert_allclose(decoded.gyr, sensor.motion.gyr[rows], atol=gyr_step)
    assert decoded.lost_samples == 0


@pytest.mark.parametrize("name", SPEAKERS)
def test_the_battery_is_learnt(name: str, tmp_path) -> None:
    _, recorder = record(name, tmp_path / "raw.mcap")
    kinds = [event.kind for event in read_raw(tmp_path / "raw.mcap").events]
    assert recorder.status.battery_percent is not None
    assert 0 < recorder.status.battery_percent <= 100
    assert "battery" in kinds


@pytest.mark.parametrize("name", [name for name in SPEAKERS if REGISTRY[name].has_device_time])
def test_a_stretch_that_is_lost_is_a_gap_of_its_length(name: str, tmp_path) -> None:
    sensor, _ = record(name, tmp_path / "raw.mcap", Faults(lost_runs_s=((5.0, 8.0),)))
    decoded = REGISTRY[name].decode(read_raw(tmp_path / "raw.mcap").packets)
    delivered = sum(one.rows for one in {one.packet: one for one in sensor.delivered}.values())
    last = max(one.first_row + one.rows for one in sensor.delivered)
    assert decoded.n_samples == delivered
    assert len(decoded.gaps) == 1
    assert decoded.lost_samples == pytest.approx(last - delivered, abs=sensor.speaker.samples_per_packet)
