"""Samples while they come: the decoders of the record, fed packet by packet.

A family decodes a list of packets, so the last few are decoded again together with the new ones; that shows losses
across the seam and lets a sample wait for its angular rate. What comes out is for the moment: afterwards the record
is decoded as a whole (`decode_session`), with a clock that also looks ahead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.recording import Float, Int
from sciatrack_ingest.sensors.family import Decoded, RawPacket, SensorFamily

CARRIED = 40  # packets that are decoded again with the new ones, so that a loss between two looks is seen
OPENING = 20  # first packets of a connection, which hold what some sensors answer about their scales
# A sample waits so long for the angular rate of its time, which two-stream sensors send in frames of a second.
PATIENCE_S = 1.5
# Two decodings put one sample within a small part of a period of each other; its successor is a whole one later.
SAME_PERIODS = 0.5
# The earliest arrival of so many seconds sets the sensor's clock on the host's. With a clock of its own (100 ppm
# off, 3 ms in that time) one packet in half a minute came at once. Without, the rate may be off by 2 %: 40 ms.
WINDOW_S, CLOCKLESS_WINDOW_S = 30.0, 2.0
LEAST_STEP_S = 1e-6  # times increase strictly, even where the clock was set back by some milliseconds


@dataclass(frozen=True, eq=False)
class Fresh:
    """Samples that are new, and how many are known to be missing before or among them.

    time_s : (n,) the session's clock, strictly increasing over all calls; acc : (n, 3) m/s^2;
    gyr : (n, 3) rad/s, NaN where it did not come, or None for a sensor without gyroscope
    """

    time_s: Float
    acc: Float
    gyr: Float | None
    lost_samples: int = 0


NOTHING = Fresh(np.empty(0), np.empty((0, 3)), None)


class StreamDecoder:
    """Decodes one sensor's packets as they come; `zero_ns` is the session's zero on the host's monotonic clock."""

    def __init__(self, family: SensorFamily, zero_ns: int = 0) -> None:
        self.family = family
        self._zero_s = zero_ns * 1e-9
        self._window_s = WINDOW_S if family.has_device_time else CLOCKLESS_WINDOW_S
        self._last_time_s = -np.inf
        self._connection = 0
        self._restart(())

    def _restart(self, opening: Sequence[RawPacket]) -> None:
        """The sensor's clock begins anew; what it answered when it was started still holds."""
        self._known = list(opening)  # the opening, and behind it the packets that are decoded again
        self._starts_s = [np.nan] * len(opening)  # running clock at each one's first sample, NaN without one
        self._last_s = -np.inf  # running clock of the newest sample that was handed out
        self._lags: deque[tuple[float, float]] = deque()  # (running clock, arrival minus it)

    @property
    def opening(self) -> tuple[RawPacket, ...]:
        """What the sensor answered when it was started, without which some families cannot be decoded."""
        return tuple(self._known[:OPENING]) if self.family.negotiate is not None else ()

    def push(self, packets: Sequence[RawPacket], connection: int) -> Fresh:
        """What is new; `connection` is the number of the link by which these packets came."""
        if connection != self._connection:
            self._connection = connection
            self._restart(())
        return self._decoded(packets) if packets else NOTHING

    def _decoded(self, packets: Sequence[RawPacket]) -> Fresh:
        known = len(self._known)
        everything = [*self._known, *packets]
        decoded = self.family.decode(everything)
        gyr = _angular_rate(decoded, self.family)
        epoch = decoded.epoch_starts[-1] if decoded.epoch_starts else 0
        if epoch and (restart := int(decoded.packet[epoch])) >= known:
            self._restart(self.opening)
            return self._decoded(packets[restart - known :])
        running_s = self._running(decoded)
        fresh = running_s > self._last_s + SAME_PERIODS * _period_s(decoded, self.family)
        fresh[:epoch] = False
        fresh &= ~_waiting(gyr, running_s)
        self._keep(everything, decoded.packet, running_s)
        if not fresh.any():
            return NOTHING
        lost = sum(gap.lost_samples for gap in decoded.gaps if fresh[gap.before_sample])
        arrival_s = np.array([everything[i].monotonic_ns for i in decoded.packet[fresh].tolist()]) * 1e-9
        time_s = self._host_times(running_s[fresh], arrival_s)
        return Fresh(time_s, decoded.acc[fresh], None if gyr is None else gyr[fresh], lost)

    def _running(self, decoded: Decoded) -> Float:
        """(n,) the sensor's clock, running on from call to call; without one, its samples at the nominal rate."""
        own_s = decoded.device_time_s
        if own_s is None:
            own_s = np.arange(decoded.n_samples) / self.family.nominal_rate_hz
        for at in reversed(range(len(self._known))):
            same = np.flatnonzero(decoded.packet == at)
            if np.isfinite(self._starts_s[at]) and len(same):
                return np.asarray(own_s + (self._starts_s[at] - float(own_s[int(same[0])])))
        if np.isfinite(self._last_s):  # nothing to join it to: as after a reconnection
            self._restart(self.opening)
        return own_s

    def _keep(self, everything: Sequence[RawPacket], packet: Int, running_s: Float) -> None:
        first = {at: i for i, at in reversed(list(enumerate(packet.tolist())))}
        opening = OPENING if self.family.negotiate is not None else 0
        kept = [*range(min(opening, len(everything)))]
        kept += range(max(len(everything) - CARRIED, len(kept)), len(everything))
        self._known = [everything[at] for at in kept]
        self._starts_s = [float(running_s[first[at]]) if at in first else np.nan for at in kept]

    def _host_times(self, running_s: Float, arrival_s: Float) -> Float:
        """(n,) seconds of the session, by the earliest arrivals of the last seconds."""
        self._lags.append((float(running_s[-1]), float(np.min(arrival_s - running_s))))
        while self._lags[-1][0] - self._lags[0][0] > self._window_s:
            self._lags.popleft()
        time_s = running_s + (min(lag_s for _, lag_s in self._lags) - self._zero_s)
        steps_s = np.arange(1, len(time_s) + 1) * LEAST_STEP_S
        time_s = np.maximum(np.maximum.accumulate(time_s - steps_s), self._last_time_s) + steps_s
        self._last_s, self._last_time_s = float(running_s[-1]), float(time_s[-1])
        return np.asarray(time_s)


def _angular_rate(decoded: Decoded, family: SensorFamily) -> Float | None:
    """(n, 3) rad/s, all NaN before the first of a sensor that has a gyroscope; None without one."""
    if decoded.gyr is None and family.has_gyroscope:
        return np.full_like(decoded.acc, np.nan)
    return decoded.gyr


def _waiting(gyr: Float | None, running_s: Float) -> npt.NDArray[np.bool_]:
    """(n,) the newest samples, as far as their angular rate may still come."""
    waiting = np.zeros(len(running_s), dtype=bool)
    if gyr is None or len(gyr) == 0:
        return waiting
    has_gyr = np.flatnonzero(np.isfinite(gyr).all(axis=1))
    waiting[has_gyr[-1] + 1 if len(has_gyr) else 0 :] = True
    return np.asarray(waiting & (running_s > running_s[-1] - PATIENCE_S))


def _period_s(decoded: Decoded, family: SensorFamily) -> float:
    return decoded.period_s if decoded.period_s > 0 else 1.0 / family.nominal_rate_hz
