"""How fast each sensor family is decoded, and whether any damage to its packets can break it.

    python benchmarks/decoding.py [--quick]

Speed: samples a second of `decode` on one core, from the received packets to arrays in SI units with ticks, times
and gaps; the goal is a million for each family. First it is asserted that the samples are the ones that were sent.
Fuzz: packets with flipped, cut, added or moved bytes and times through every decoder, and raw logs with damaged
bytes (with and without chunks and checksums) through the session reader, 10^5 of each kind (`--quick`: 10^3); an
error that is not one of ours ends it. It does not show the time to read a log from disk, nor decoding while a radio
competes for the core.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from mcap.writer import Writer

from packet_streams import ACC_STEP_M_S2, FAMILIES, motion, mutated, received
from sciatrack_ingest.decode_session import decode_log
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.rawlog import HEADER_NAME, PROFILE, RawHeader, RawLogWriter
from sciatrack_ingest.rawread import read_raw
from sciatrack_ingest.sensors import REGISTRY, RawPacket

GOAL_PER_S = 1e6
BLOCK_SAMPLES = 4000  # made by the slow speakers once, then repeated with later numbers and times
SAMPLES = 1_000_000
ROUNDS = 5


def long_stream(name: str, samples: int) -> list[RawPacket]:
    """A stream of so many samples: what the speakers make, one block after the other."""
    packets: list[RawPacket] = []
    block_s = BLOCK_SAMPLES / REGISTRY[name].nominal_rate_hz
    acc, gyr = motion(samples)
    for first in range(0, samples, BLOCK_SAMPLES):
        rows = slice(first, first + BLOCK_SAMPLES)
        begin_s = first // BLOCK_SAMPLES * block_s
        block = received(name, acc[rows], gyr[rows], begin_s=begin_s, arrival_s=100.0 + begin_s, first_sample=first)
        packets += block if first == 0 else [packet for packet in block if packet.channel == block[-1].channel]
    return packets


def speed(name: str, samples: int) -> float:
    """Samples a second, the best of some rounds; raises AssertionError where the samples are not those sent."""
    packets = long_stream(name, samples)
    acc, _ = motion(samples)
    decode = REGISTRY[name].decode
    decoded = decode(packets)
    assert decoded.n_samples == samples, (name, decoded.n_samples)
    assert decoded.lost_samples == 0
    assert np.abs(decoded.acc - acc).max() <= ACC_STEP_M_S2[name]
    best_s = min(_seconds(decode, packets) for _ in range(ROUNDS))
    return samples / best_s


def _seconds(decode, packets) -> float:  # type: ignore[no-untyped-def]
    begun = time.process_time()
    decode(packets)
    return time.process_time() - begun


def fuzz_decoders(name: str, times: int) -> int:
    """Damage packets and decode them; how many samples came out. Any exception is a failure."""
    acc, gyr = motion(160)
    whole = received(name, acc, gyr)
    rng = np.random.default_rng(1)
    return sum(REGISTRY[name].decode(mutated(whole, rng)).n_samples for _ in range(times))


def fuzz_session_reader(times: int) -> tuple[int, int]:
    """Damage raw logs and read and decode them; how many gave a result and how many a typed error."""
    results = errors = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "raw-hip.mcap"
        logs = []
        for name in FAMILIES:
            path.unlink(missing_ok=True)
            logs += [_raw_log(path, name), _bare_log(path)]
        rng = np.random.default_rng(2)
        for i in range(times):
            path.write_bytes(damaged(logs[i % len(logs)], rng))
            try:
                decode_log(read_raw(path))
                results += 1
            except SciatrackError:
                errors += 1
    return results, errors


def _raw_log(path: Path, name: str) -> bytes:
    header = RawHeader(name, "hip", "P01", "P01-x", "2026-03-02T17:30:00Z", 90_000_000_000)
    log = RawLogWriter(path, header)
    acc, gyr = motion(160)
    log.event("connect", monotonic_ns=99_000_000_000, wall_ns=0)
    for number, packet in enumerate(received(name, acc, gyr)):
        log.append(packet)
        if number % 20 == 0:
            log.flush()
    log.close()
    return path.read_bytes()


def _bare_log(path: Path) -> bytes:
    """The log at this path without chunks and checksums, so that damage reaches every record."""
    raw = read_raw(path)
    assert raw.header is not None
    out = io.BytesIO()
    mcap = Writer(out, use_chunking=False, enable_crcs=False)
    mcap.start(profile=PROFILE)
    mcap.add_metadata(HEADER_NAME, raw.header.to_mapping())
    channels = {topic: mcap.register_channel(topic, "", 0) for topic in {p.channel for p in raw.packets}}
    for number, packet in enumerate(raw.packets):
        mcap.add_message(channels[packet.channel], packet.wall_ns, packet.payload, packet.monotonic_ns, number)
    mcap.finish()
    path.write_bytes(out.getvalue())
    assert read_raw(path).packets == raw.packets
    return out.getvalue()


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes changed, and sometimes a piece taken out or the end cut off."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        out[rng.integers(len(out))] = rng.integers(256)
    if rng.random() < 0.3:
        at = int(rng.integers(len(out)))
        del out[at : at + int(rng.integers(1, 200))]
    if rng.random() < 0.3:
        del out[int(rng.integers(1, len(out))) :]
    return bytes(out)


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    samples, times = (100_000, 1_000) if quick else (SAMPLES, 100_000)
    print(f"decoding {samples} samples, best of {ROUNDS}, CPU time of one core, Python {sys.version.split()[0]}")
    for name in FAMILIES:
        per_s = speed(name, samples // BLOCK_SAMPLES * BLOCK_SAMPLES)
        print(
            f"  {name:10} {per_s / 1e6:6.2f} million samples/s{'' if per_s >= GOAL_PER_S else '  below the goal'}"
        )
    print(f"fuzz, {times} mutations each: no error that is not ours")
    for name in FAMILIES:
        print(f"  {name:10} {fuzz_decoders(name, times)} samples came out")
    results, errors = fuzz_session_reader(times)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  raw logs   {results} read, {errors} refused with a typed error; peak memory of it all {peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    main()
