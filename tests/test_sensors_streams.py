"""What is special about the other families: the open layout, packets in two parts, a byte stream, arrivals."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packet_streams import motion, received
from sciatrack_ingest.sensors import RawPacket, SensorRefusedError, dot, generic, movesense, witmotion
from sciatrack_ingest.sensors.arrival import lay_out_by_arrival
from sciatrack_ingest.virtual.speakers import GenericSpeaker, MovesenseSpeaker, WitMotionSpeaker

G = 9.80665


def packets(uuid: str, *payloads: bytes, every_s: float = 0.02) -> list[RawPacket]:
    return [RawPacket(uuid, payload, round(i * every_s * 1e9), 0) for i, payload in enumerate(payloads)]


def renumbered(packet: RawPacket, first: int) -> RawPacket:
    """The same generic packet with another number of its first sample."""
    number = struct.pack("<H", first % 65536)
    return packet._replace(payload=packet.payload[:2] + number + packet.payload[4:])


def test_generic_layout_by_hand() -> None:
    payload = bytes.fromhex("01 02 ffff 40e201000010 0000 00f0 1000 f0ff 00000008 0000 0000 0000 0000 e803")
    decoded = generic.decode(packets(generic.DATA_UUID, payload))
    np.testing.assert_allclose(decoded.acc, [[G, 0, -G], [G / 2, 0, 0]], atol=1e-12)
    assert decoded.gyr is not None
    np.testing.assert_allclose(np.degrees(decoded.gyr), [[1, -1, 0], [0, 0, 62.5]], atol=1e-12)
    assert decoded.device_time_s is not None
    np.testing.assert_allclose(decoded.device_time_s, [0.123456, 0.133456])


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x01\x01", b"\x02\x01" + bytes(18), b"\x01\x02" + bytes(18), b"\x01\x00" + bytes(6), bytes(21)],
    ids=["empty", "short", "version", "number", "none", "long"],
)
def test_generic_refuses_what_is_not_its_layout(payload: bytes) -> None:
    decoded = generic.decode(packets(generic.DATA_UUID, payload))
    assert decoded.n_samples == 0
    assert [(finding.code, finding.count) for finding in decoded.findings] == [("malformed_packets", 1)]


def test_generic_one_sample_fits_the_smallest_mtu() -> None:
    assert generic.packet_dtype(1).itemsize == 20
    assert generic.packet_dtype(generic.MAX_SAMPLES).itemsize <= 248


def test_generic_packets_of_different_length_keep_their_order() -> None:
    acc, gyr = motion(60)
    small = received("generic", acc[:20], gyr[:20], speaker=GenericSpeaker(samples_per_packet=1))
    large = received(
        "generic", acc[20:], gyr[20:], speaker=GenericSpeaker(samples_per_packet=10), begin_s=0.2, arrival_s=100.2
    )
    shifted = [renumbered(packet, 20 + 10 * i) for i, packet in enumerate(large)]
    decoded = generic.decode(small + shifted)
    np.testing.assert_array_equal(decoded.tick, np.arange(60))
    np.testing.assert_allclose(decoded.acc, acc, atol=0.0013)


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_generic_a_loss_longer_than_the_counter_is_resolved_by_the_clock(turns: int) -> None:
    """65536 samples at 100 Hz are 11 minutes: the counter alone would see none, the clock does."""
    acc, gyr = motion(200)
    lost = 65536 * turns + 40
    first = received("generic", acc[:100], gyr[:100])
    begin_s = (100 + lost) / 100.0
    rest = received("generic", acc[100:], gyr[100:], begin_s=begin_s, arrival_s=100.0 + begin_s)
    shifted = [renumbered(packet, 100 + lost + 10 * i) for i, packet in enumerate(rest)]
    decoded = generic.decode(first + shifted)
    assert [(gap.lost_samples, gap.basis) for gap in decoded.gaps] == [(lost, "sequence")]


def test_generic_period_is_the_sensor_s_own_in_spite_of_losses() -> None:
    acc, gyr = motion(3000)
    lost = [i for i in range(1, 299) if i % 3]
    decoded = generic.decode(received("generic", acc, gyr, lost=lost, rate_hz=93.0))
    assert decoded.period_s == pytest.approx(1 / 93.0, rel=1e-4)
    assert decoded.lost_samples == 10 * len(lost)


def test_a_late_packet_is_put_in_order() -> None:
    acc, gyr = motion(100)
    came = received("generic", acc, gyr)
    at = came[5].monotonic_ns
    swapped = [*came[:4], came[5], came[4]._replace(monotonic_ns=at), *came[6:]]
    decoded = generic.decode(swapped)
    np.testing.assert_allclose(decoded.acc, acc, atol=0.0013)
    assert [finding.code for finding in decoded.findings] == ["late_packets"]
    assert decoded.gaps == ()


def test_a_burst_that_is_repeated_as_a_whole_counts_once() -> None:
    acc, gyr = motion(600)
    came = received("generic", acc, gyr)
    at = came[39].monotonic_ns
    again = [packet._replace(monotonic_ns=at) for packet in came[25:40]]  # 1.5 s of it
    decoded = generic.decode([*came[:40], *again, *came[40:]])
    np.testing.assert_array_equal(decoded.tick, np.arange(600))
    assert [(finding.code, finding.count) for finding in decoded.findings] == [("repeated_packets", 15)]


def test_a_clock_that_is_set_forward_is_no_loss() -> None:
    acc, gyr = motion(400)
    first = received("generic", acc[:200], gyr[:200])
    rest = received("generic", acc[200:], gyr[200:], begin_s=3602.0, arrival_s=102.0, first_sample=200)
    decoded = generic.decode(first + rest)
    assert decoded.epoch_starts == (200,)
    assert decoded.lost_samples == 0
    assert [finding.code for finding in decoded.findings] == ["device_restarted"]


def test_movesense_measurement_in_two_parts() -> None:
    acc, gyr = motion(80)
    speaker = MovesenseSpeaker()
    speaker.payload_bytes = 60
    whole = received("movesense", acc, gyr)
    parts = []
    for packet in whole[1:]:
        body = packet.payload[2:]
        parts += [
            packet._replace(payload=bytes([2, movesense.IMU_REFERENCE]) + body[:58]),
            packet._replace(payload=bytes([3, movesense.IMU_REFERENCE]) + body[58:]),
        ]
    np.testing.assert_array_equal(movesense.decode(parts).acc, movesense.decode(whole).acc)
    without_a_first_part = [part for i, part in enumerate(parts) if i != 6]
    decoded = movesense.decode(without_a_first_part)
    assert decoded.lost_samples == 4
    assert [(finding.code, finding.count) for finding in decoded.findings] == [("malformed_packets", 1)]


def test_movesense_is_started_by_an_answered_subscription() -> None:
    command = movesense.negotiate([])
    assert command is not None
    assert command.payload == b"\x01\x0a/Meas/IMU6/52\x00"
    yes = RawPacket(movesense.NOTIFY_UUID, struct.pack("<BBH", 1, 10, 200), 0, 0)
    of_another = RawPacket(movesense.NOTIFY_UUID, struct.pack("<BBH", 1, 11, 404), 0, 0)
    assert movesense.negotiate([of_another]) == command
    assert movesense.negotiate([of_another, yes]) is None
    no = RawPacket(movesense.NOTIFY_UUID, struct.pack("<BBH", 1, 10, 404), 0, 0)
    with pytest.raises(SensorRefusedError, match=r"status 404.*firmware"):
        movesense.negotiate([no])


def test_values_that_no_chip_can_measure_become_gaps() -> None:
    body = struct.pack("<I", 5) + np.array([[1e30, 0, 0], [0, 0, 9.8]] + [[0, 0, 1]] * 2, "<f4").tobytes()
    decoded = movesense.decode(packets(movesense.NOTIFY_UUID, bytes([2, 10]) + body))
    assert np.isnan(decoded.acc[0]).all()
    assert decoded.acc[1, 2] == pytest.approx(9.8)
    assert [finding.code for finding in decoded.findings] == ["implausible_samples"]


def test_dot_commands_are_those_of_the_specification() -> None:
    rate, start = dot.FAMILY.start_commands
    assert rate.payload == bytes([0x10]) + bytes(23) + b"\x3c\x00" + bytes(6)
    assert (start.uuid, start.payload) == ("15172001-4947-11e9-8646-d663bd873d93", b"\x01\x01\x15")
    assert dot.FAMILY.stop_commands[0].payload == b"\x01\x00\x15"


def test_dot_takes_padded_and_bare_packets() -> None:
    bare = struct.pack("<I6f", 1000, 1, 2, 3, 180, 0, -180)
    padded = struct.pack("<I6f", 17667, 4, 5, 6, 0, 0, 0).ljust(40, b"\0")
    decoded = dot.decode(packets(dot.MEDIUM_UUID, bare, padded, bytes(20)))
    np.testing.assert_allclose(decoded.acc, [[1, 2, 3], [4, 5, 6]])
    assert decoded.gyr is not None
    np.testing.assert_allclose(decoded.gyr[0], [np.pi, 0, -np.pi], rtol=1e-6)
    assert [finding.count for finding in decoded.findings] == [1]


def wit_frame(value: int, kind: int = 0x61) -> bytes:
    return struct.pack("<BB9h", 0x55, kind, *([value] * 9))


def wit_slow(payloads: list[bytes]) -> list[int]:
    """First numbers of the frames, found byte by byte."""
    joined = b"".join(payloads)
    ends = set(np.cumsum([len(payload) for payload in payloads]).tolist())

    def is_head(at: int) -> bool:
        return joined[at : at + 2] in (b"\x55\x61", b"\x55\x71")

    found, at = [], 0
    while at + 20 <= len(joined):
        if is_head(at) and (at + 20 in ends or is_head(at + 20)):
            if joined[at + 1] == 0x61:
                found.append(struct.unpack_from("<h", joined, at + 2)[0])
            at += 20
        else:
            at += 1
    return found


pieces = st.one_of(
    st.integers(-32768, 32767).map(wit_frame),
    st.just(wit_frame(7, 0x71)),
    st.just(struct.pack("<h", 0x6155) * 10),  # a frame whose numbers look like heads
    st.binary(max_size=25),
)


@given(chunks=st.lists(st.lists(pieces, max_size=4).map(b"".join), max_size=12), cut=st.integers(0, 19))
@settings(max_examples=200, deadline=None)
def test_witmotion_frames_are_found_as_by_a_slow_reader(chunks: list[bytes], cut: int) -> None:
    joined = b"".join(chunks)
    payloads = [*chunks, joined[cut : cut + 100], joined[cut + 100 :]]
    decoded = witmotion.decode(packets(witmotion.NOTIFY_UUID, *payloads))
    found = np.rint(decoded.acc[:, 0] / witmotion.ACC_M_S2_PER_LSB).astype(int).tolist()
    assert found == wit_slow(payloads)


def test_witmotion_frame_cut_between_notifications() -> None:
    joined = b"".join(wit_frame(value) for value in range(1, 7))
    decoded = witmotion.decode(packets(witmotion.NOTIFY_UUID, joined[:33], joined[33:47], joined[47:]))
    assert (decoded.acc[:, 0] / witmotion.ACC_M_S2_PER_LSB).round().tolist() == [1, 2, 3, 4, 5, 6]
    assert decoded.packet.tolist() == [0, 1, 2, 2, 2, 2]
    assert decoded.findings == ()


def test_witmotion_does_not_join_the_halves_of_two_frames() -> None:
    broken = [wit_frame(1), wit_frame(2)[:11], wit_frame(3), wit_frame(4)]
    decoded = witmotion.decode(packets(witmotion.NOTIFY_UUID, *broken))
    assert (decoded.acc[:, 0] / witmotion.ACC_M_S2_PER_LSB).round().tolist() == [1, 3, 4]
    assert [(finding.code, finding.count) for finding in decoded.findings] == [("malformed_bytes", 11)]


def test_witmotion_registers_between_frames_are_no_samples() -> None:
    answer = WitMotionSpeaker().write(witmotion.WRITE_UUID, bytes.fromhex("ffaa276400"))[0].payload
    decoded = witmotion.decode(packets(witmotion.NOTIFY_UUID, wit_frame(1), answer, wit_frame(2) + answer))
    assert decoded.n_samples == 2
    assert decoded.findings == ()
    assert witmotion.battery_percent(witmotion.NOTIFY_UUID, wit_frame(2) + answer) == 100.0


def test_witmotion_commands_are_those_of_the_maker() -> None:
    assert [command.payload.hex() for command in witmotion.FAMILY.start_commands] == ["ffaa6988b5", "ffaa030900"]
    assert [command.payload.hex() for command in witmotion.FAMILY.battery_request] == ["ffaa276400"]


def arrivals(seed: int, n: int = 3000, period_s: float = 0.02) -> tuple[np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return np.arange(n) * period_s + rng.uniform(0, 0.03, n), rng


@pytest.mark.parametrize("seed", range(4))
def test_a_silence_that_is_caught_up_is_no_gap(seed: int) -> None:
    came_s, _ = arrivals(seed)
    came_s = np.maximum.accumulate(np.where((came_s > 20) & (came_s < 21.5), 21.5, came_s))
    out = lay_out_by_arrival(came_s, np.repeat(np.arange(3000), 2), 100.0)
    assert out.gaps == ()
    assert out.period_s == pytest.approx(0.01, rel=2e-3)


@pytest.mark.parametrize("lost_s", [[0.2], [0.5, 1.0], [0.12, 3.0, 0.3]])
def test_a_silence_that_is_not_caught_up_is_a_gap_of_its_length(lost_s: list[float]) -> None:
    came_s, rng = arrivals(7)
    for i, length_s in enumerate(lost_s):
        came_s[500 + 600 * i :] += length_s
    came_s = np.maximum.accumulate(came_s + rng.uniform(0, 0.01, len(came_s)))
    out = lay_out_by_arrival(came_s, np.repeat(np.arange(3000), 2), 100.0)
    assert [gap.before_sample for gap in out.gaps] == [2 * (500 + 600 * i) for i in range(len(lost_s))]
    for gap, length_s in zip(out.gaps, lost_s, strict=True):
        assert gap.lost_samples == pytest.approx(length_s * 100, abs=3)
        assert gap.basis == "arrival"


def test_two_losses_within_a_window_are_both_seen() -> None:
    came_s, _ = arrivals(3)
    came_s[500:] += 0.5
    came_s[530:] += 0.4
    out = lay_out_by_arrival(np.maximum.accumulate(came_s), np.repeat(np.arange(3000), 2), 100.0)
    assert [gap.before_sample for gap in out.gaps] == [1000, 1060]
    assert [gap.lost_samples for gap in out.gaps] == pytest.approx([50, 40], abs=3)


def test_few_samples_have_the_nominal_period() -> None:
    for n in range(5):
        out = lay_out_by_arrival(np.zeros(max(n, 1)), np.arange(n), 100.0)
        assert out.period_s == 0.01
        assert out.tick.tolist() == list(range(n))
