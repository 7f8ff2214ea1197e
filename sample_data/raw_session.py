"""A recording as a Bluetooth sensor would have sent it: a raw log with what goes wrong on the way.

The sensor takes the samples by its own clock, which runs fast; packets arrive late and unevenly, some never, and
the link is lost once and made anew. The log ends without a farewell, as a crash leaves it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from sciatrack_ingest.manifest import utc_to_text
from sciatrack_ingest.rawlog import BATTERY, CONNECT, DISCONNECT, MTU, RawHeader, RawLogWriter
from sciatrack_ingest.recording import Recording
from sciatrack_ingest.sensors import RawPacket
from sciatrack_ingest.virtual.sensor import motion_of
from sciatrack_ingest.virtual.speakers import GenericSpeaker, Packet

SEED = 11
RATE_HZ = 50.0
SAMPLES_PER_PACKET = 10
PAYLOAD_BYTES = 244  # what phones and computers usually agree on
SKEW_PPM = 80.0  # a cheap crystal
JITTER_S = 0.045  # one connection interval of a phone
LOST_RATIO = 0.01
AWAY_S = (61.0, 63.5)  # out of range
BOOT_NS = 3_600 * 10**9  # the host had been up for an hour


def write_raw(recording: Recording, folder: Path) -> Path:
    """Writes `raw-<placement>.mcap` into a new session folder below `folder`; returns the session folder."""
    assert recording.start_utc is not None
    session = folder / f"{recording.participant}-{recording.start_utc:%Y%m%dT%H%M%SZ}-simulated"
    session.mkdir(parents=True, exist_ok=True)
    path = session / f"raw-{recording.placement}.mcap"
    path.unlink(missing_ok=True)
    wall_ns = int(recording.start_utc.timestamp()) * 10**9
    header = RawHeader(
        family="generic", placement=recording.placement or "", participant=recording.participant or "",
        session_id=session.name, start_utc=utc_to_text(recording.start_utc), start_monotonic_ns=BOOT_NS,
        timezone=recording.timezone or "UTC", sensor_name="IMU demo", exercise=recording.exercise or "",
        side=recording.side or "", origin="simulated",
    )  # fmt: skip
    log = RawLogWriter(path, header)
    _write(log, recording, wall_ns)
    log.flush()
    safe_bytes = log.safe_bytes
    log.close()
    os.truncate(path, safe_bytes)  # what a crash after the last flush leaves
    return session


def _write(log: RawLogWriter, recording: Recording, wall_ns: int) -> None:
    rng = np.random.default_rng(SEED)
    motion = motion_of(recording, RATE_HZ)
    speaker = GenericSpeaker("IMU demo", SAMPLES_PER_PACKET)
    speaker.connected(PAYLOAD_BYTES)
    period_s = (1.0 - SKEW_PPM * 1e-6) / RATE_HZ  # true seconds between samples of a clock that runs fast

    def event(at_s: float, kind: str, **data: Any) -> None:
        log.event(kind, monotonic_ns=BOOT_NS + round(at_s * 1e9), wall_ns=wall_ns + round(at_s * 1e9), **data)

    event(0.0, CONNECT, name="IMU demo", connection=1)
    event(0.0, MTU, mtu=PAYLOAD_BYTES + 3)
    event(0.01, BATTERY, percent=81)
    away, newest_s = False, 0.0
    for number in range(len(motion.acc) // SAMPLES_PER_PACKET):
        first = number * SAMPLES_PER_PACKET
        acc, gyr = motion.rows(first, SAMPLES_PER_PACKET)
        sent_s = (first + SAMPLES_PER_PACKET) * period_s
        if AWAY_S[0] <= sent_s < AWAY_S[1]:
            if not away:
                event(AWAY_S[0] + 0.4, DISCONNECT, reason="link lost")
            away = True
            continue
        if away:
            event(AWAY_S[1], CONNECT, name="IMU demo", connection=2)
            away = False
        newest_s = max(newest_s, sent_s + rng.uniform(0.0, JITTER_S))
        if rng.uniform() < LOST_RATIO:
            continue
        packet = Packet(number, first / RATE_HZ, 1.0 / RATE_HZ, acc, gyr)
        for one in speaker.encode(packet):
            ns = round(newest_s * 1e9)
            log.append(RawPacket(one.characteristic, one.payload, BOOT_NS + ns, wall_ns + ns))
