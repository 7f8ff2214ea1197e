"""A raw log becomes a Recording: the same steps at the end of a session, in `recover` and in `replay`.

Each connection is decoded on its own, because a sensor's clock and counter may begin anew with it, and each stretch
of one clock is fitted to the host's clock. Times are seconds since the session began, the same in all its files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from sciatrack_ingest.clock import COUNTED_WINDOW_S, MAX_SKEW_RATIO, WINDOW_S, ClockFit, fit_clock
from sciatrack_ingest.manifest import text_to_utc
from sciatrack_ingest.rawlog import BEGIN, CONNECT, OVERFLOW, RAW_NAME, RawHeader, RawLogError
from sciatrack_ingest.rawread import RawLog
from sciatrack_ingest.recording import PLACEMENTS, SIDES, Finding, Float, Recording
from sciatrack_ingest.sensors import REGISTRY, Decoded, RawPacket, SensorFamily
from sciatrack_ingest.sensors.family import Basis

# The period of a sensor without clock is itself judged by arrivals, over seconds.
ARRIVAL_SKEW_RATIO = 0.1
# Sensors keep their rate within 2 %; 5 % more or less is another setting, or losses that nobody counted.
RATE_TOLERANCE_RATIO = 0.05
# A time service moves the wall clock by far less at a time; a sleeping computer's running clock stands for longer.
HOST_PARTED_S = 2.0
# Two connections never overlap, but their clocks are only known to some milliseconds.
LEAST_STEP_S = 1e-6


@dataclass(frozen=True)
class TimedGap:
    """Lost samples between two that came; seconds since the session began."""

    start_s: float
    end_s: float
    lost_samples: int
    basis: Basis


@dataclass(frozen=True)
class Stretch:
    """One stretch of one sensor clock: samples before `end`, and the clock fitted to them.

    own_clock : False where the sensor sends no time, so that its clock was made of arrivals
    """

    begin: int
    end: int
    clock: ClockFit
    own_clock: bool = True


@dataclass(frozen=True, eq=False)
class DecodedLog:
    """One sensor of a session.

    recording : its samples; empty where none came. stretches : one for each connection and restart with samples.
    connections : how often the sensor was connected, at least 1 for a log with packets.
    """

    recording: Recording
    gaps: tuple[TimedGap, ...]
    stretches: tuple[Stretch, ...]
    connections: int
    family: SensorFamily

    @property
    def lost_samples(self) -> int:
        return sum(gap.lost_samples for gap in self.gaps)

    @property
    def lost_percent(self) -> float:
        """Of all samples that the sensor took between the first and the last that came."""
        taken = self.recording.n_samples + self.lost_samples
        return 100.0 * self.lost_samples / taken if taken else 0.0

    @property
    def clock_offset_s(self) -> float | None:
        """Seconds by which the sensor's clock fell behind the host's (negative: ahead); None without a clock."""
        own = [stretch for stretch in self.stretches if stretch.own_clock and stretch.end > stretch.begin]
        if not own:
            return None
        time_s = self.recording.time_s
        return float(sum(s.clock.skew_ppm * 1e-6 * (time_s[s.end - 1] - time_s[s.begin]) for s in own))


def family_of(raw: RawLog) -> SensorFamily:
    """The family that the log names; raises RawLogError where it names none, or one that is not known here."""
    if raw.header is None:
        raise RawLogError(raw.path, "the log does not say which sensor it comes from.")
    family = REGISTRY.get(raw.header.family)
    if family is None:
        raise RawLogError(
            raw.path,
            f"the sensor family '{raw.header.family}' is not known; it is one of {', '.join(REGISTRY)}.",
            hint="Update sciatrack.",
        )
    return family


def decode_log(raw: RawLog) -> DecodedLog:
    """All samples of a raw log on the session's clock; raises RawLogError, see `family_of`.

    What came before a `begin` event (the fit check) is decoded with them, for the clock, and then left out.
    """
    family = family_of(raw)
    assert raw.header is not None
    zero_s = raw.header.start_monotonic_ns * 1e-9
    parts, stretches, times, gaps = [], [], [], []
    begin = 0
    connections = _connections(raw)
    for packets in connections:
        decoded = family.decode(packets)
        if decoded.n_samples:
            time_s, fitted = _host_times(decoded, packets, zero_s, begin)
            gaps += [(begin + gap.before_sample, gap.lost_samples, gap.basis) for gap in decoded.gaps]
            parts.append(decoded)
            times.append(time_s)
            stretches += fitted
            begin += decoded.n_samples
    time_s, overlap = _increasing(np.concatenate([*times, np.empty(0)]))
    findings = (*_summed([part.findings for part in parts]), *overlap, *_overflow(raw), *_parted(raw))
    recording = _recording(raw, family, time_s, parts, findings)
    timed = _timed(gaps, recording.time_s, parts)
    return _begun(DecodedLog(recording, timed, tuple(stretches), len(connections), family), raw)


def _begun(log: DecodedLog, raw: RawLog) -> DecodedLog:
    """The log from its `begin` on; as it is without one."""
    begins_ns = [event.monotonic_ns for event in raw.events if event.kind == BEGIN]
    if not begins_ns or raw.header is None:
        return log
    begin_s = (max(begins_ns) - raw.header.start_monotonic_ns) * 1e-9
    whole = log.recording
    first = int(np.searchsorted(whole.time_s, begin_s))
    time_s = whole.time_s[first:]
    gyr = None if whole.gyr is None else whole.gyr[first:]
    return replace(
        log,
        recording=replace(
            whole, time_s=time_s, acc=whole.acc[first:], gyr=gyr, start_utc=_start_utc(raw.header, time_s)
        ),
        gaps=tuple(gap for gap in log.gaps if gap.start_s >= begin_s),
        stretches=tuple(
            replace(one, begin=max(one.begin - first, 0), end=one.end - first)
            for one in log.stretches
            if one.end > first
        ),
    )


def _connections(raw: RawLog) -> list[Sequence[RawPacket]]:
    """The packets between one `connect` and the next."""
    came_ns = np.array([packet.monotonic_ns for packet in raw.packets], dtype=np.int64)
    starts_ns = sorted(event.monotonic_ns for event in raw.events if event.kind == CONNECT)
    cuts = np.searchsorted(np.maximum.accumulate(came_ns), starts_ns).tolist() if starts_ns else []
    bounds = sorted({0, *cuts, len(raw.packets)})
    return [raw.packets[low:high] for low, high in pairwise(bounds)]


def _host_times(
    decoded: Decoded, packets: Sequence[RawPacket], zero_s: float, begin: int
) -> tuple[Float, list[Stretch]]:
    """(n,) seconds since the session began, and the clock of each epoch; `begin`: samples before these."""
    own_clock = decoded.device_time_s is not None
    device_s: Any = decoded.device_time_s if own_clock else decoded.tick * decoded.period_s
    arrival_s: Any = np.array([packets[i].monotonic_ns for i in decoded.packet.tolist()], dtype=np.int64) * 1e-9
    time_s = np.empty(decoded.n_samples)
    stretches = []
    for low, high in pairwise((0, *decoded.epoch_starts, decoded.n_samples)):
        part = slice(low, high)
        last = np.flatnonzero(np.diff(decoded.packet[part], append=-1)) + low
        skew, window_s = (MAX_SKEW_RATIO, WINDOW_S) if own_clock else (ARRIVAL_SKEW_RATIO, COUNTED_WINDOW_S)
        clock = fit_clock(device_s[last], arrival_s[last] - zero_s, max_skew_ratio=skew, window_s=window_s)
        time_s[part] = clock.to_host_s(device_s[part])
        stretches.append(Stretch(begin + low, begin + high, clock, own_clock))
    return time_s, stretches


def _increasing(time_s: Float) -> tuple[Float, tuple[Finding, ...]]:
    """The same times, strictly increasing: where two stretches overlap, the second waits for the first."""
    steps = np.arange(len(time_s)) * LEAST_STEP_S
    if len(time_s) < 2 or (np.diff(time_s) > 0).all():
        return time_s, ()
    fixed = np.maximum.accumulate(time_s - steps) + steps
    moved = int((fixed > time_s + LEAST_STEP_S).sum())
    message = f"the times of {moved} samples after a reconnection were moved behind those before it"
    return fixed, (Finding("time_overlap", message, moved),) if moved else ()


def _summed(several: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Findings of all connections, one for each code with the counts added."""
    by_code: dict[str, Finding] = {}
    for finding in (finding for findings in several for finding in findings):
        known = by_code.get(finding.code)
        count = finding.count + (known.count if known else 0)
        words = finding.message.partition(" ")[2]
        by_code[finding.code] = Finding(finding.code, f"{count} {words}", count)
    return tuple(by_code.values())


def _overflow(raw: RawLog) -> tuple[Finding, ...]:
    lost = [event.data.get("lost", 1) for event in raw.events if event.kind == OVERFLOW]
    count = sum(number for number in lost if isinstance(number, int))
    message = f"{count} packets could not be written in time"
    return (Finding("overflow", message, count),) if lost else ()


def _parted(raw: RawLog) -> tuple[Finding, ...]:
    """The running clock, which the session's times rest on, stands still on most computers that sleep."""
    ahead_ns = np.array([p.wall_ns - p.monotonic_ns for p in raw.packets if p.wall_ns > 0], dtype=np.int64)
    step_s = np.diff(ahead_ns.astype(float)) * 1e-9
    jumps_s = step_s[np.abs(step_s) > HOST_PARTED_S]
    if not len(jumps_s):
        return ()
    by = " and ".join(f"{jump_s:.0f} s" for jump_s in jumps_s[:3])
    message = f"the computer slept, or its time was set (by {by}); a sleep is missing from the session's times"
    return (Finding("host_clock_parted", message, len(jumps_s)),)


def _recording(
    raw: RawLog, family: SensorFamily, time_s: Float, parts: Sequence[Decoded], findings: tuple[Finding, ...]
) -> Recording:
    header = raw.header
    assert header is not None
    labels, odd = _labels(header, raw.path.name)
    start_utc = _start_utc(header, time_s)
    recording = Recording(
        time_s,
        np.concatenate([np.empty((0, 3)), *(part.acc for part in parts)]),
        _all_gyr(parts),
        name=str(raw.path),
        participant=header.participant or None,
        start_utc=start_utc,
        timezone=header.timezone or None,
        nominal_rate_hz=family.nominal_rate_hz,
        source=", ".join(filter(None, (family.title, header.sensor_name, header.sensor_address))),
        provenance=(f"decoded from {raw.path.name} as '{family.name}'", "clock fitted to the host's"),
        findings=(*findings, *odd),
    ).with_labels(**labels)
    return recording.with_labels(findings=(*recording.findings, *_rate_finding(recording, family)))


def _labels(header: RawHeader, file_name: str) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Placement, side and exercise as far as they are words that a recording may carry.

    In a session the file's name says the placement: no two sensors can share it.
    """
    labels = {"exercise": header.exercise} if header.exercise else {}
    odd: tuple[Finding, ...] = ()
    match = RAW_NAME.fullmatch(file_name)
    placement = match["placement"] if match else header.placement
    for name, value, allowed in (("placement", placement, PLACEMENTS), ("side", header.side, SIDES)):
        if value in allowed:
            labels[name] = value
        elif value:
            odd += (Finding("label_unknown", f"{name} '{value}' is not known and left out"),)
    return labels, odd


def _start_utc(header: RawHeader, time_s: Float) -> dt.datetime | None:
    """The instant of the first sample; None where the header's is none."""
    try:
        start = text_to_utc(header.start_utc)
        return start + dt.timedelta(seconds=float(time_s[0])) if len(time_s) else start
    except (ValueError, OverflowError):
        return None


def _all_gyr(parts: Sequence[Decoded]) -> Float | None:
    if all(part.gyr is None for part in parts):
        return None
    blank = [np.full_like(part.acc, np.nan) if part.gyr is None else part.gyr for part in parts]
    return np.concatenate(blank)


def _rate_finding(recording: Recording, family: SensorFamily) -> tuple[Finding, ...]:
    rate_hz = recording.sampling_rate_hz
    if not abs(rate_hz / family.nominal_rate_hz - 1.0) > RATE_TOLERANCE_RATIO:
        return ()
    return (Finding("rate_off", f"{rate_hz:.1f} Hz came, not the nominal {family.nominal_rate_hz:g} Hz"),)


def _timed(gaps: Sequence[tuple[int, int, Basis]], time_s: Float, parts: Sequence[Decoded]) -> tuple[TimedGap, ...]:
    """Gaps within connections as found there, and the ones between connections by the host's clock."""
    known = {before: (lost, basis) for before, lost, basis in gaps}
    begin = 0
    for before, after in pairwise(parts):
        begin += before.n_samples
        period_s = after.period_s if after.period_s > 0 else before.period_s
        lost = round(float(time_s[begin] - time_s[begin - 1]) / period_s) - 1
        if lost > 0:
            known[begin] = (lost, "arrival")
    return tuple(
        TimedGap(float(time_s[at - 1]), float(time_s[at]), lost, basis)
        for at, (lost, basis) in sorted(known.items())
    )  # fmt: skip
