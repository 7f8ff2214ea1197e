"""Frames of Polar Measurement Data to samples, all frames of a recording in one go.

The blocks of a delta frame follow each other, so only the first block of every frame is known at once; then the
second of every frame, and so on. Each round handles one block of all frames that have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.recording import Float, Int
from sciatrack_ingest.sensors.packets import Column, gather, running, to_double
from sciatrack_ingest.sensors.polar_control import ACC, GYRO
from sciatrack_ingest.sensors.timing import unwrap

HEADER = np.dtype([("kind", "u1"), ("t_ns", "<u8"), ("frame", "u1")])
DELTA = 0x80
AXES = 3
NS_PER_S = 1e9
MG_TO_G = 1e-3
MAX_DELTA_BITS = 32
# A frame of 512 bytes with differences of one bit holds about a thousand samples; more is damage, and memory.
MAX_FRAME_SAMPLES = 1200
NAMES = {ACC: "acceleration", GYRO: "angular rate"}


@dataclass(frozen=True)
class FrameKind:
    """How the samples of a frame are written: bytes of a number, are they floats, a fixed unit or the factor."""

    size: int
    is_float: bool = False
    unit: float | None = None


FRAMES = {
    (ACC, 0x00): FrameKind(1, unit=MG_TO_G),
    (ACC, 0x01): FrameKind(2, unit=MG_TO_G),
    (ACC, 0x02): FrameKind(3, unit=MG_TO_G),
    (ACC, DELTA | 0): FrameKind(2),
    (ACC, DELTA | 1): FrameKind(2, unit=MG_TO_G),
    (GYRO, DELTA | 0): FrameKind(2),
    (GYRO, DELTA | 1): FrameKind(4, is_float=True, unit=1.0),
}


@dataclass(frozen=True, eq=False)
class Stream:
    """The readable frames of one measurement.

    count : (m,) samples of each frame; values : their (n, 3) samples in g or deg/s, frame after frame
    device_s : (m,) time of the last sample of each frame; malformed : frames that cannot be read
    uses_factor : some frames count steps, not mg or deg/s
    """

    name: str
    payloads: Sequence[bytes]
    packet: Int
    arrival_s: Float
    device_s: Float
    count: Int
    values: Float
    malformed: int
    uses_factor: bool

    def values_in(self, order: Int) -> Float:
        """The samples of these frames, in this order."""
        return gather([(np.arange(len(self.count)), self.values)], self.count, order)


def read_stream(data: Column, kind: int, factor: float) -> Stream:
    """All frames of one measurement; factor is from steps to g or deg/s."""
    mine = [i for i, payload in enumerate(data.payloads) if payload[:1] == bytes([kind])]
    whole = [i for i in mine if len(data.payloads[i]) > HEADER.itemsize]
    payloads = [data.payloads[i] for i in whole]
    rows = np.array(whole, dtype=np.int64)
    head = np.frombuffer(b"".join(payload[: HEADER.itemsize] for payload in payloads), dtype=HEADER)
    count = np.zeros(len(payloads), dtype=np.int64)
    groups = []
    uses_factor = False
    for frame in np.unique(head["frame"]):
        how = FRAMES.get((kind, int(frame)))
        if how is not None:
            at = np.flatnonzero(head["frame"] == frame)
            bodies = [payloads[i][HEADER.itemsize :] for i in at]
            number, values = (_delta if frame & DELTA else _plain)(bodies, how)
            count[at] = number
            unit = factor if how.unit is None else how.unit
            uses_factor |= how.unit is None and bool(number.any())
            groups.append((at[number > 0], values * unit))
    good = np.flatnonzero(count)
    values = gather(groups, count, good) if len(good) else np.empty((0, AXES))
    if len(good) < len(payloads):
        payloads = [payloads[i] for i in good]
    t_ns = head["t_ns"][good]
    device_s = int(t_ns[0]) / NS_PER_S + unwrap(t_ns, 64) / NS_PER_S if len(good) else np.empty(0)
    return Stream(
        NAMES[kind], payloads, data.packet[rows[good]], data.arrival_s[rows[good]], device_s, count[good], values,
        len(mine) - len(good), uses_factor,
    )  # fmt: skip


def _plain(bodies: Sequence[bytes], how: FrameKind) -> tuple[Int, Float]:
    """Samples of each body, 0 for one that cannot be read, and the (n, 3) values of the others."""
    each = how.size * AXES
    count = np.array([len(body) // each if len(body) % each == 0 else 0 for body in bodies], dtype=np.int64)
    count[count > MAX_FRAME_SAMPLES] = 0
    joined = b"".join(body for body, number in zip(bodies, count, strict=True) if number)
    return count, _integers(np.frombuffer(joined, dtype=np.uint8), how.size).reshape(-1, AXES).astype(np.float64)


def _integers(data: npt.NDArray[np.uint8], size: int) -> Int:
    """Signed little-endian numbers of 1 to 4 bytes."""
    wide = np.zeros((len(data) // size, 4), dtype=np.uint8)
    wide[:, 4 - size :] = data.reshape(-1, size)
    return wide.reshape(-1).view("<i4").astype(np.int64) >> (8 * (4 - size))


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Blocks of differences: which frame, bits of a difference, first bit, samples, samples of the frame before."""

    frame: Int
    bits: Int
    first_bit: Int
    samples: Int
    before: Int


def _delta(bodies: Sequence[bytes], how: FrameKind) -> tuple[Int, Float]:
    """Samples of each body, 0 for one that cannot be read, and the (n, 3) values of the others."""
    lengths = np.fromiter(map(len, bodies), dtype=np.int64, count=len(bodies))
    ends = np.cumsum(lengths)
    # Eight spare bytes, so that a word can be read at any place.
    data = np.frombuffer(b"".join(bodies) + bytes(8), dtype=np.uint8)
    count, blocks = _find_blocks(data, ends - lengths, ends, how.size * AXES)
    number = count[count > 0]
    start = np.zeros(len(count), dtype=np.int64)
    start[count > 0] = np.cumsum(number) - number
    values = np.zeros((int(number.sum()), AXES), dtype=np.int64)
    first_byte = (ends - lengths)[count > 0]
    reference = data[first_byte[:, None] + np.arange(how.size * AXES)]
    values[start[count > 0]] = _integers(reference.reshape(-1), how.size).reshape(-1, AXES)
    rows = np.repeat(start[blocks.frame] + blocks.before, blocks.samples) + running(blocks.samples)
    values[rows] = _differences(data, blocks).reshape(-1, AXES)
    total = np.cumsum(values, axis=0)
    first = start[count > 0]
    values = total - np.repeat(total[first] - values[first], number, axis=0)
    if how.is_float:
        return count, to_double(values.astype(np.int32).view(np.float32))
    return count, values.astype(np.float64)


def _find_blocks(data: npt.NDArray[np.uint8], begins: Int, ends: Int, reference_bytes: int) -> tuple[Int, _Blocks]:
    """Samples of each frame (0: cannot be read) and all blocks of the readable ones."""
    count = np.where(ends - begins >= reference_bytes, 1, 0)
    at = begins + reference_bytes
    active = np.flatnonzero((count > 0) & (at < ends))
    rounds = []
    while len(active):
        place = at[active]
        head_fits = place + 2 <= ends[active]
        bits = data[place].astype(np.int64)
        samples = data[np.minimum(place + 1, len(data) - 1)].astype(np.int64)
        after = place + 2 + (bits * samples * AXES + 7) // 8
        fits = head_fits & (bits <= MAX_DELTA_BITS) & (after <= ends[active])
        fits &= count[active] + samples <= MAX_FRAME_SAMPLES
        count[active[~fits]] = 0
        active, bits, samples, place = active[fits], bits[fits], samples[fits], place[fits]
        rounds.append(_Blocks(active, bits, (place + 2) * 8, samples, count[active]))
        count[active] += samples
        at[active] = after[fits]
        active = active[at[active] < ends[active]]
    fields = [
        np.concatenate([getattr(r, name) for r in rounds] or [begins[:0]]) for name in _Blocks.__annotations__
    ]
    blocks = _Blocks(*fields)
    good = count[blocks.frame] > 0
    return count, _Blocks(*(field[good] for field in fields))


def _differences(data: npt.NDArray[np.uint8], blocks: _Blocks) -> Int:
    """All signed differences of the blocks, least significant bit first."""
    numbers = blocks.samples * AXES
    bits = np.repeat(blocks.bits, numbers)
    at = np.repeat(blocks.first_bit, numbers) + running(numbers) * bits
    words = np.ndarray((len(data) - 7,), dtype="<u8", buffer=data, strides=(1,))
    value = (words[at >> 3] >> (at & 7).astype(np.uint64)).astype(np.int64) & ((1 << bits) - 1)
    sign = np.where(bits > 0, value >> np.maximum(bits - 1, 0), 0)
    differences: Int = value - (sign << bits)
    return differences
