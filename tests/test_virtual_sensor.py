"""The sensor in software, without a Bluetooth stack: what it measures, when it sends, and how it fails."""

from __future__ import annotations

import asyncio
import math

import numpy as np
import pytest

from sciatrack_ingest.radio import LinkError
from sciatrack_ingest.recording import Recording
from sciatrack_ingest.virtual.clock import run_virtual
from sciatrack_ingest.virtual.faults import Faults, random_faults
from sciatrack_ingest.virtual.plain_radio import PlainRadio
from sciatrack_ingest.virtual.sensor import Motion, VirtualSensor, motion_of
from sciatrack_ingest.virtual.speakers import SPEAKERS, GenericSpeaker, PolarSpeaker
from sciatrack_ingest.virtual.speakers.generic import CONTROL, DATA

RATE_HZ = 100.0
START = b"\x01"


def motion(seconds: float = 60.0) -> Motion:
    rng = np.random.default_rng(1)
    count = int(seconds * RATE_HZ)
    return Motion(RATE_HZ, rng.uniform(-20, 20, (count, 3)), rng.uniform(-5, 5, (count, 3)))


def listen(faults: Faults, seconds: float, samples_per_packet: int = 5) -> tuple[VirtualSensor, list]:
    """Start a generic sensor and keep (arrival, number of the first sample) of what comes until the link ends."""

    async def program():
        sensor = VirtualSensor(GenericSpeaker(samples_per_packet=samples_per_packet), motion(), faults)
        life = asyncio.create_task(sensor.run())
        came = []
        radio = PlainRadio([sensor])
        link = await radio.connect((await radio.scan(1.0))[0], lambda: None)
        loop = asyncio.get_running_loop()
        await link.subscribe(DATA, lambda data: came.append((loop.time(), int.from_bytes(data[2:4], "little"))))
        await link.write(CONTROL, START, True)
        await asyncio.sleep(seconds)
        await link.close()
        life.cancel()
        return sensor, came

    return run_virtual(program())


def test_packets_come_in_order_and_when_their_last_sample_is_taken() -> None:
    sensor, came = listen(Faults(), 10.0)
    assert [number for _, number in came] == list(range(0, 5 * len(came), 5))
    assert len(came) == 200
    due_s = [sensor.origin_s + (number + 4) / RATE_HZ for _, number in came]
    np.testing.assert_allclose([at for at, _ in came], due_s, atol=1e-6)


def test_what_is_delivered_is_what_came() -> None:
    sensor, came = listen(Faults(seed=3, lost_ratio=0.2, duplicated_ratio=0.1, jitter_s=0.05), 20.0)
    assert [d.first_row for d in sensor.delivered] == [number for _, number in came]
    assert 250 < len({number for _, number in came}) < 370  # 400 packets, a fifth lost
    assert len(came) > len(set(came))  # some twice
    assert [at for at, _ in came] == sorted(at for at, _ in came)


@pytest.mark.parametrize(("faults", "share"), [(Faults(skew_ppm=5000), 1.005), (Faults(rate_ratio=0.9), 0.9)])
def test_a_fast_clock_and_a_wrong_rate_change_how_many_samples_come(faults: Faults, share: float) -> None:
    _, came = listen(faults, 50.0, 1)
    assert len(came) == pytest.approx(5000 * share, abs=2)


def test_a_burst_holds_packets_back_and_loses_none() -> None:
    _, came = listen(Faults(bursts_s=((2.0, 4.0),)), 6.0)
    numbers = [number for _, number in came]
    assert numbers == list(range(0, 5 * len(numbers), 5))
    gap_s = max(np.diff([at for at, _ in came]))
    assert gap_s == pytest.approx(2.0, abs=0.1)


def test_a_dead_stream_stays_dead_until_the_link_is_made_anew() -> None:
    sensor, came = listen(Faults(dead_s=(3.0,)), 10.0)
    assert max(at for at, _ in came) - sensor.origin_s < 3.1


def test_out_of_range_ends_the_link_and_silences_the_sensor() -> None:
    async def program():
        sensor = VirtualSensor(GenericSpeaker(), motion(), Faults(away_s=((1.0, 3.0),)))
        life = asyncio.create_task(sensor.run())
        radio = PlainRadio([sensor])
        lost = asyncio.Event()
        link = await radio.connect((await radio.scan(1.0))[0], lost.set)
        await link.subscribe(DATA, lambda data: None)
        await link.write(CONTROL, START, True)
        async with asyncio.timeout(2.0):
            await lost.wait()
        with pytest.raises(LinkError):
            await link.read(DATA)
        unheard = await radio.scan(1.0)
        await asyncio.sleep(1.5)
        heard = await radio.scan(1.0)
        life.cancel()
        return unheard, heard

    unheard, heard = run_virtual(program())
    assert unheard == []
    assert len(heard) == 1


def test_recordings_are_played_at_the_sensor_s_rate_with_gaps_bridged() -> None:
    time_s = np.array([5.0, 5.1, 5.2, 7.2, 7.3])
    acc = np.column_stack([time_s, 2 * time_s, -time_s])
    acc[1] = np.nan
    made = motion_of(Recording(time_s, acc), 50.0)
    assert made.rate_hz == 50.0
    np.testing.assert_allclose(made.acc[:, 0], 5.0 + np.arange(len(made.acc)) / 50.0)
    assert math.isclose(made.duration_s, 2.3, abs_tol=0.03)
    assert not made.gyr.any()


def test_after_its_end_a_motion_stands_still() -> None:
    acc, _ = motion(1.0).rows(98, 5)
    assert (acc[1:] == acc[1]).all()


def test_random_faults_are_the_same_for_the_same_seed() -> None:
    assert random_faults(7, 60.0) == random_faults(7, 60.0)
    assert random_faults(7, 60.0) != random_faults(8, 60.0)


def test_polar_refuses_a_small_mtu_and_says_so() -> None:
    speaker = PolarSpeaker()
    speaker.connected(100)
    (answer,) = speaker.write(speaker.services[0].characteristics[0].uuid, bytes([2, 2]))
    assert answer.payload[:4] == bytes([0xF0, 2, 2, 10])
    assert not speaker.streaming


@pytest.mark.parametrize("name", SPEAKERS)
def test_every_speaker_has_the_characteristic_that_its_data_come_from(name: str) -> None:
    speaker = SPEAKERS[name]()
    found = [c for service in speaker.services for c in service.characteristics if c.uuid == speaker.data_uuid]
    assert "notify" in found[0].properties


def test_after_its_motion_a_sensor_lies_still_without_turning() -> None:
    motion = Motion(
        100.0, np.array([[0.0, 0.0, 9.8], [0.0, 9.8, 0.0]]), np.array([[0.1, 0.0, 0.0], [0.2, 0.0, 0.0]])
    )
    acc, gyr = motion.rows(0, 4)
    assert acc.tolist() == [[0.0, 0.0, 9.8]] + [[0.0, 9.8, 0.0]] * 3
    assert gyr[:, 0].tolist() == [0.1, 0.2, 0.0, 0.0]
