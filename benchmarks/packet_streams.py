"""Packets of every sensor family as they come from the air, made by the speakers of the virtual sensor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_ingest.sensors import REGISTRY, RawPacket
from sciatrack_ingest.virtual.speakers import SPEAKERS, GenericSpeaker, Packet, Speaker

FAMILIES = tuple(SPEAKERS)
LARGE_PAYLOAD = 244  # an MTU of 247, what phones and computers usually agree on
ACC_STEP_M_S2 = {"generic": 0.0013, "movesense": 1e-6, "polar": 0.0013, "witmotion": 0.0025, "dot": 1e-6}
GYR_STEP_RAD_S = {"generic": 0.0006, "movesense": 1e-6, "polar": 0.0006, "witmotion": 0.0006, "dot": 1e-6}


def motion(n: int, seed: int = 0) -> tuple[Float, Float]:
    """(n, 3) smooth acceleration around 1 g and angular rate, as a body makes them."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None] / 50.0
    phase = rng.uniform(0, 6.28, (1, 3))
    acc = np.array([0.5, 1.0, 9.7]) + 2.0 * np.sin(t + phase) + rng.normal(0, 0.05, (n, 3))
    return acc, 1.5 * np.cos(t + phase) + rng.normal(0, 0.02, (n, 3))


def transmissions(
    family: str,
    acc: Float,
    gyr: Float,
    *,
    begin_s: float = 0.0,
    first_sample: int = 0,
    rate_hz: float | None = None,
    speaker: Speaker | None = None,
) -> tuple[list[tuple[str, bytes]], list[list[tuple[str, bytes]]], float]:
    """The answers to the start commands, the notifications of each packet, and the sample period.

    begin_s : the sensor's clock at the first sample; first_sample : how many it took before, whole packets
    """
    speaker = speaker or (GenericSpeaker(samples_per_packet=10) if family == "generic" else SPEAKERS[family]())
    speaker.connected(LARGE_PAYLOAD)
    known = REGISTRY[family]
    answers: list[tuple[str, bytes]] = []
    for command in known.start_commands:
        answers += speaker.write(command.uuid, command.payload)
    while known.negotiate is not None:
        received = [RawPacket(uuid, payload, 0, 0) for uuid, payload in answers]
        command = known.negotiate(received)
        if command is None:
            break
        answers += speaker.write(command.uuid, command.payload)
    period_s = 1.0 / (rate_hz or known.nominal_rate_hz)
    each = speaker.samples_per_packet
    sent = []
    for number in range(len(acc) // each):
        rows = slice(number * each, (number + 1) * each)
        first_s = begin_s + number * each * period_s
        packet = Packet(first_sample // each + number, first_s, period_s, acc[rows], gyr[rows])
        sent.append([(one.characteristic, one.payload) for one in speaker.encode(packet)])
    return answers, sent, period_s


def received(
    family: str,
    acc: Float,
    gyr: Float,
    *,
    lost: Sequence[int] = (),
    begin_s: float = 0.0,
    arrival_s: float = 100.0,
    delays_s: Float | None = None,
    first_sample: int = 0,
    rate_hz: float | None = None,
    speaker: Speaker | None = None,
) -> list[RawPacket]:
    """What the host gets: the answers, then every packet that is not lost.

    lost : numbers of packets that never come; arrival_s : the host's clock at the sensor's begin_s; delays_s : (m,)
    how late each packet is. A packet comes when its last sample is taken, in order.
    """
    answers, sent, period_s = transmissions(
        family, acc, gyr, begin_s=begin_s, first_sample=first_sample, rate_hz=rate_hz, speaker=speaker
    )
    each = len(acc) // max(len(sent), 1)
    packets = [RawPacket(uuid, payload, round(arrival_s * 1e9), 0) for uuid, payload in answers]
    newest_s = arrival_s
    missing = set(lost)
    for number, notifications in enumerate(sent):
        late_s = 0.0 if delays_s is None else float(delays_s[number])
        newest_s = max(newest_s, arrival_s + ((number + 1) * each - 1) * period_s + late_s)
        if number not in missing:
            packets += [RawPacket(uuid, payload, round(newest_s * 1e9), 0) for uuid, payload in notifications]
    return packets


def mutated(packets: list[RawPacket], rng: np.random.Generator) -> list[RawPacket]:
    """Some packets with flipped, cut or added bytes, some out of place, some at odd times."""
    out = list(packets)
    for _ in range(rng.integers(1, 12)):
        at = int(rng.integers(len(out)))
        payload = bytearray(out[at].payload)
        match rng.integers(6):
            case 0:
                payload = payload[: rng.integers(len(payload) + 1)]
            case 1:
                payload += rng.bytes(int(rng.integers(1, 300)))
            case 2:
                out.insert(int(rng.integers(len(out))), out.pop(at))
                continue
            case 3:
                out[at] = out[at]._replace(monotonic_ns=int(rng.integers(0, 2**63 - 1)))
                continue
            case _:
                for _ in range(rng.integers(1, 5)):
                    if payload:
                        payload[rng.integers(len(payload))] = rng.integers(256)
        out[at] = out[at]._replace(payload=bytes(payload))
    return out
