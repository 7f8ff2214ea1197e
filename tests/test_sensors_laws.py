"""What holds for every sensor family: samples come back, losses are counted, and no bytes break a decoder."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packet_streams import ACC_STEP_M_S2, FAMILIES, GYR_STEP_RAD_S, motion, mutated, received, transmissions
from sciatrack_ingest.sensors import REGISTRY, Advertisement, Decoded, RawPacket, recognise
from sciatrack_ingest.sensors.family import ATT_HEADER_BYTES, MIN_MTU
from sciatrack_ingest.virtual.speakers import SPEAKERS

WITH_CLOCK = [name for name in FAMILIES if REGISTRY[name].has_device_time]
NAMES = {"movesense": "Movesense 174630000192", "polar": "Polar Sense 6D4B5E28", "witmotion": "WT901BLE68"}


def check(decoded: Decoded, packets: list[RawPacket]) -> None:
    """The promises of Decoded."""
    n = decoded.n_samples
    assert decoded.acc.shape == (n, 3)
    assert decoded.gyr is None or decoded.gyr.shape == (n, 3)
    assert decoded.tick.shape == decoded.packet.shape == (n,)
    for array in (decoded.acc, decoded.gyr):
        assert array is None or not np.isinf(array).any()
    if n:
        assert decoded.tick[0] == 0
        assert (np.diff(decoded.tick) > 0).all()
        assert decoded.packet.min() >= 0
        assert decoded.packet.max() < len(packets)
        assert decoded.period_s > 0
    edges = (0, *decoded.epoch_starts, n)
    if decoded.device_time_s is not None:
        for low, high in pairwise(edges):
            assert (np.diff(decoded.device_time_s[low:high]) >= 0).all()
    before = [gap.before_sample for gap in decoded.gaps]
    assert before == sorted(set(before))
    for gap in decoded.gaps:
        assert gap.lost_samples >= 1
        assert decoded.tick[gap.before_sample] - decoded.tick[gap.before_sample - 1] == gap.lost_samples + 1
    assert decoded.lost_samples == (decoded.tick[-1] + 1 - n if n else 0)


@pytest.mark.parametrize("name", FAMILIES)
def test_samples_come_back_within_a_step_of_the_sensor(name: str) -> None:
    acc, gyr = motion(800)
    packets = received(name, acc, gyr)
    decoded = REGISTRY[name].decode(packets)
    check(decoded, packets)
    n = decoded.n_samples
    assert n == 800 // SPEAKERS[name]().samples_per_packet * SPEAKERS[name]().samples_per_packet
    np.testing.assert_allclose(decoded.acc, acc[:n], atol=ACC_STEP_M_S2[name])
    assert decoded.gyr is not None
    np.testing.assert_allclose(decoded.gyr, gyr[:n], atol=GYR_STEP_RAD_S[name])
    np.testing.assert_array_equal(decoded.tick, np.arange(n))
    assert decoded.gaps == decoded.findings == ()


@pytest.mark.parametrize("name", WITH_CLOCK)
def test_times_are_those_of_the_sensor(name: str) -> None:
    acc, gyr = motion(600)
    packets = received(name, acc, gyr, begin_s=50.0, lost=[3, 4, 11])
    decoded = REGISTRY[name].decode(packets)
    assert decoded.device_time_s is not None
    true_s = 50.0 + decoded.tick / REGISTRY[name].nominal_rate_hz
    np.testing.assert_allclose(decoded.device_time_s, true_s, atol=1.1e-3)  # Movesense counts milliseconds


@pytest.mark.parametrize("name", WITH_CLOCK)
@given(lost=st.sets(st.integers(1, 18), max_size=6), begin_s=st.sampled_from([0.0, 77.7, 4294.9, 4294966.0]))
@settings(max_examples=25, deadline=None)
def test_every_lost_packet_is_counted_whatever_the_clock_says(name: str, lost: set[int], begin_s: float) -> None:
    each = SPEAKERS[name]().samples_per_packet if name != "generic" else 10
    acc, gyr = motion(20 * each)
    packets = received(name, acc, gyr, lost=sorted(lost), begin_s=begin_s)
    decoded = REGISTRY[name].decode(packets)
    check(decoded, packets)
    assert decoded.lost_samples == each * len(lost)
    assert decoded.tick[-1] == 20 * each - 1
    kept = np.concatenate([np.arange(i * each, (i + 1) * each) for i in range(20) if i not in lost])
    np.testing.assert_array_equal(decoded.tick, kept)
    np.testing.assert_allclose(decoded.acc, acc[kept], atol=ACC_STEP_M_S2[name])


@pytest.mark.parametrize("name", WITH_CLOCK)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_packets_that_come_twice_count_once(name: str, data: st.DataObject) -> None:
    acc, gyr = motion(400)
    packets = received(name, acc, gyr)
    plain = REGISTRY[name].decode(packets)
    at = data.draw(st.integers(4, len(packets) - 6))
    length = data.draw(st.integers(1, 4))
    again = packets[at : at + length]
    later = packets[at + length - 1].monotonic_ns
    doubled = packets[: at + length] + [replace_time(one, later) for one in again] + packets[at + length :]
    decoded = REGISTRY[name].decode(doubled)
    check(decoded, doubled)
    np.testing.assert_array_equal(decoded.acc, plain.acc)
    np.testing.assert_array_equal(decoded.tick, plain.tick)
    assert decoded.gaps == ()


def replace_time(packet: RawPacket, monotonic_ns: int) -> RawPacket:
    return packet._replace(monotonic_ns=monotonic_ns)


@pytest.mark.parametrize("name", WITH_CLOCK)
def test_a_restart_while_the_link_holds_begins_a_new_epoch(name: str) -> None:
    acc, gyr = motion(1200)
    first = received(name, acc, gyr, begin_s=300.0)
    again = received(name, acc, gyr, begin_s=0.5, arrival_s=first[-1].monotonic_ns * 1e-9 + 5.0)
    answers = len(transmissions(name, acc, gyr)[0])
    packets = first + again[answers:]
    decoded = REGISTRY[name].decode(packets)
    check(decoded, packets)
    alone = REGISTRY[name].decode(first)
    assert decoded.epoch_starts == (alone.n_samples,)
    assert decoded.n_samples == 2 * alone.n_samples
    (gap,) = decoded.gaps
    assert gap.basis == "arrival"
    # The link tells how long it was silent, up to the length of a packet.
    silent = 5.0 * REGISTRY[name].nominal_rate_hz
    assert gap.lost_samples == pytest.approx(silent, abs=1 + (20 if name == "polar" else 10))
    assert "device_restarted" in [finding.code for finding in decoded.findings]


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_gives_nothing(name: str) -> None:
    decoded = REGISTRY[name].decode([])
    assert decoded.n_samples == decoded.lost_samples == 0
    strange = [RawPacket("0000ffff-0000-1000-8000-00805f9b34fb", b"\x01\x02", 0, 0)]
    assert REGISTRY[name].decode(strange).n_samples == 0


@pytest.mark.parametrize("name", FAMILIES)
def test_packets_are_counted_that_make_no_sense(name: str) -> None:
    family = REGISTRY[name]
    acc, gyr = motion(100)
    packets = received(name, acc, gyr)
    uuid = packets[-1].channel
    strange = RawPacket(uuid, b"\x02\x0a\xff" if name != "polar" else b"\x02\x0a", packets[-1].monotonic_ns, 0)
    decoded = family.decode([*packets, strange])
    assert decoded.n_samples == family.decode(packets).n_samples
    assert [finding.count for finding in decoded.findings if finding.code.startswith("malformed")] in ([1], [3])


@pytest.mark.parametrize("name", FAMILIES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_damaged_packets_give_a_result_and_never_an_error(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    acc, gyr = motion(200)
    packets = mutated(received(name, acc, gyr), rng)
    check(REGISTRY[name].decode(packets), packets)


@given(payloads=st.lists(st.binary(max_size=260), max_size=30), step=st.integers(0, 2**58))
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes_give_a_result_and_never_an_error(payloads: list[bytes], step: int) -> None:
    for family in REGISTRY.values():
        for uuid in family.notify_uuids:
            packets = [RawPacket(uuid, payload, i * step, 0) for i, payload in enumerate(payloads)]
            check(family.decode(packets), packets)
            for packet in packets:
                family.battery_percent(uuid, packet.payload)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_declared_whole(name: str) -> None:
    family, speaker = REGISTRY[name], SPEAKERS[name]()
    assert family.name == name
    assert family.min_mtu >= MIN_MTU
    assert family.start_commands or family.negotiate is not None
    offered = {one.uuid for service in speaker.services for one in service.characteristics}
    commands = (*family.start_commands, *family.stop_commands, *family.battery_request)
    used = {*family.notify_uuids, family.battery_uuid or speaker.data_uuid}
    used |= {command.uuid for command in commands}
    assert used <= offered | {"15171002-4947-11e9-8646-d663bd873d93"}
    assert all(uuid == uuid.lower() for uuid in used)
    acc, gyr = motion(200)
    longest = max(len(packet.payload) for packet in received(name, acc, gyr))
    assert longest + ATT_HEADER_BYTES <= family.min_mtu or name in ("generic", "witmotion")


@pytest.mark.parametrize("name", FAMILIES)
def test_a_sensor_is_recognised_by_one_family_only(name: str) -> None:
    speaker = SPEAKERS[name]()
    heard = Advertisement(speaker.local_name, "AA:BB", tuple(speaker.advertised_uuids))
    assert [family.name for family in REGISTRY.values() if family.recognise(heard)] == [name]
    assert recognise(heard) is REGISTRY[name]
    if name in NAMES:
        assert recognise(Advertisement(NAMES[name])) is REGISTRY[name]


@pytest.mark.parametrize("heard", ["", "Polar H10 12345678", "JBL Flip", "WT-Speaker", "DOT"])
def test_what_is_no_sensor_of_ours_is_not_recognised(heard: str) -> None:
    assert recognise(Advertisement(heard)) is None


def test_the_battery_is_read_from_what_the_sensor_sends() -> None:
    for name in FAMILIES:
        family, speaker = REGISTRY[name], SPEAKERS[name]()
        speaker.connected(244)
        if family.battery_uuid is not None:
            percent = family.battery_percent(family.battery_uuid, speaker.read(family.battery_uuid))
        else:
            (request,) = family.battery_request
            (answer,) = speaker.write(request.uuid, request.payload)
            percent = family.battery_percent(answer.characteristic, answer.payload)
        assert percent == (100.0 if name == "witmotion" else speaker.battery_percent)
        assert family.battery_percent(family.notify_uuids[0], b"") is None


def test_order_of_the_input_list_is_not_touched() -> None:
    acc, gyr = motion(100)
    packets = received("generic", acc, gyr)
    copy = [replace_time(packet, packet.monotonic_ns) for packet in packets]
    REGISTRY["generic"].decode(packets)
    assert packets == copy
    assert replace(REGISTRY["generic"], name="other").decode is REGISTRY["generic"].decode
