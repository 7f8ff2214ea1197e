"""Samples packet by packet are those of the whole record."""

from __future__ import annotations

import numpy as np
import pytest

from packet_streams import FAMILIES, motion, received
from sciatrack_ingest.sensors import REGISTRY, RawPacket
from sciatrack_ingest.stream_decode import Fresh, StreamDecoder

ZERO_NS = 90_000_000_000


def streamed(name: str, packets: list[RawPacket], step: int) -> Fresh:
    decoder = StreamDecoder(REGISTRY[name], ZERO_NS)
    parts = [decoder.push(packets[at : at + step], 1) for at in range(0, len(packets), step)]
    parts = [part for part in parts if len(part.time_s)]
    gyr = [part.gyr for part in parts if part.gyr is not None]
    return Fresh(
        np.concatenate([part.time_s for part in parts]),
        np.concatenate([part.acc for part in parts]),
        np.concatenate(gyr) if gyr else None,
        sum(part.lost_samples for part in parts),
    )


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize("name", FAMILIES)
def test_samples_are_those_of_the_record_at_the_times_of_their_arrival(name: str, step: int) -> None:
    acc, gyr = motion(1500)
    packets = received(name, acc, gyr)
    whole = REGISTRY[name].decode(packets)
    fresh = streamed(name, packets, step)
    n = len(fresh.time_s)
    held_back = 60 if name == "polar" else 0  # the newest acceleration waits for its angular rate
    assert whole.n_samples - held_back <= n <= whole.n_samples
    np.testing.assert_allclose(fresh.acc, whole.acc[:n])
    assert fresh.gyr is not None
    # the last sample of a frame of a two-stream sensor has its neighbour's angular rate
    exact = np.isclose(fresh.gyr, whole.gyr[:n]).all(axis=1)
    assert exact.mean() > 0.94 if name == "polar" else exact.all()
    assert fresh.lost_samples == 0
    assert (np.diff(fresh.time_s) > 0).all()
    truth_s = 10.0 + np.arange(n) / REGISTRY[name].nominal_rate_hz
    np.testing.assert_allclose(fresh.time_s, truth_s, atol=0.02)


@pytest.mark.parametrize("name", [name for name in FAMILIES if REGISTRY[name].has_device_time])
def test_losses_are_counted_across_the_seams(name: str) -> None:
    acc, gyr = motion(1200)
    packets = received(name, acc, gyr, lost=(7, 8, 20))
    whole = REGISTRY[name].decode(packets)
    fresh = streamed(name, packets, 1)
    assert fresh.lost_samples == whole.lost_samples > 0


@pytest.mark.parametrize("name", FAMILIES)
def test_jitter_moves_no_time_by_more_than_the_earliest_packets_allow(name: str) -> None:
    acc, gyr = motion(1200)
    late_s = np.random.default_rng(3).exponential(0.03, 1200)
    fresh = streamed(name, received(name, acc, gyr, delays_s=late_s), 1)
    truth_s = 10.0 + np.arange(len(fresh.time_s)) / REGISTRY[name].nominal_rate_hz
    assert np.median(np.abs(fresh.time_s - truth_s)[200:]) < 0.03


def test_a_new_connection_begins_a_new_clock_and_time_goes_on() -> None:
    acc, gyr = motion(400)
    decoder = StreamDecoder(REGISTRY["generic"], ZERO_NS)
    first = decoder.push(received("generic", acc, gyr, begin_s=500.0), 1)
    second = decoder.push(received("generic", acc, gyr, begin_s=3.0, arrival_s=110.0), 2)
    assert len(first.time_s) == len(second.time_s) == 400
    assert second.lost_samples == 0
    assert second.time_s[0] == pytest.approx(20.0, abs=0.02)


def test_a_restart_on_a_standing_link_loses_nothing() -> None:
    acc, gyr = motion(400)
    decoder = StreamDecoder(REGISTRY["generic"], ZERO_NS)
    before = received("generic", acc, gyr, begin_s=500.0)
    after = received("generic", acc, gyr, begin_s=3.0, arrival_s=105.0)
    parts = [decoder.push([packet], 1) for packet in [*before, *after]]
    time_s = np.concatenate([part.time_s for part in parts])
    assert len(time_s) == 800
    assert (np.diff(time_s) > 0).all()
    assert time_s[400] == pytest.approx(15.0, abs=0.02)


def test_nothing_gives_nothing() -> None:
    decoder = StreamDecoder(REGISTRY["polar"])
    assert len(decoder.push([], 0).time_s) == 0
    assert len(decoder.push([RawPacket("?", b"\x00", 0, 0)], 1).time_s) == 0
