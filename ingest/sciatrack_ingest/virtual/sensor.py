"""`VirtualSensor`: samples, a device clock and packets, with faults on the way; no radio in it.

Every packet is a function of its number: packet j holds the samples [j*n, (j+1)*n) of the motion and is due
when the last of them is taken. What was really handed to the radio stands in `delivered`, so that a test can
compare a recording with what happened.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sciatrack_ingest.recording import Float, Int, Recording
from sciatrack_ingest.virtual.faults import Faults
from sciatrack_ingest.virtual.speakers import Notification, Packet, Speaker


@dataclass(frozen=True, eq=False)
class Motion:
    """What the sensor will measure, evenly sampled: acc (n, 3) in m/s^2, gyr (n, 3) in rad/s."""

    rate_hz: float
    acc: Float
    gyr: Float

    @property
    def duration_s(self) -> float:
        return len(self.acc) / self.rate_hz

    def rows(self, first: int, count: int) -> tuple[Float, Float]:
        """Samples [first, first + count); after the end the sensor lies still as it lay last."""
        return self.rows_at(np.arange(first, first + count))

    def rows_at(self, rows: Int) -> tuple[Float, Float]:
        """The samples of some rows; what lies still has no angular rate."""
        at = np.minimum(rows, len(self.acc) - 1)
        return self.acc[at], np.where((rows < len(self.acc))[:, None], self.gyr[at], 0.0)


def motion_of(recording: Recording, rate_hz: float) -> Motion:
    """A recording as a sensor of `rate_hz` would measure it; gaps are bridged by straight lines."""
    at_s = recording.time_s[0] + np.arange(int(recording.duration_s * rate_hz) + 1) / rate_hz

    def along(columns: Float | None) -> Float:
        if columns is None:
            return np.zeros((len(at_s), 3))
        valid = np.isfinite(columns).all(axis=1)
        return np.column_stack(
            [np.interp(at_s, recording.time_s[valid], columns[valid, axis]) for axis in range(3)]
        )

    return Motion(rate_hz, along(recording.acc), along(recording.gyr))


@dataclass(frozen=True)
class Delivered:
    """One notification that was handed to the radio; times are the event loop's seconds."""

    packet: int
    first_row: int
    rows: int
    sampled_s: float  # true moment of the first row
    delivered_s: float
    boot: int
    link: int  # connections so far
    device_row: int  # first_row as the device counts, which begins anew with each boot


class VirtualSensor:
    """One sensor that is switched on. `put_on_air` ties it to a radio; `run` is its life."""

    def __init__(self, speaker: Speaker, motion: Motion, faults: Faults | None = None) -> None:
        self.speaker = speaker
        self.motion = motion
        self.faults = faults or Faults()
        self.delivered: list[Delivered] = []
        self.in_range = True
        self.boots = 0
        self.links = 0
        self._rng = np.random.default_rng(self.faults.seed)
        self._send: Callable[[Notification], None] | None = None
        self._drop: Callable[[], None] = lambda: None
        self._range_changed: Callable[[], None] = lambda: None
        self._wake = asyncio.Event()
        self._delivery = asyncio.Event()
        self._subscribed: set[str] = set()
        self._dead = False
        self._origin_s: float | None = None
        self._boot_packet = 0
        self._next_packet = 0
        self._waiting: list[tuple[float, int, Notification, Delivered]] = []
        self._last_due_s = -math.inf

    # -- what the radio calls ------------------------------------------------------------------------------

    def put_on_air(self, drop: Callable[[], None], range_changed: Callable[[], None] = lambda: None) -> None:
        """`drop` cuts the link as by distance; `range_changed` is told when the sensor leaves or comes back."""
        self._drop, self._range_changed = drop, range_changed

    def connected(self, payload_bytes: int, send: Callable[[Notification], None]) -> None:
        self._send = send
        self.links += 1
        self._dead = False
        self._subscribed.clear()
        self.speaker.connected(payload_bytes)

    def payload_changed(self, payload_bytes: int) -> None:
        self.speaker.payload_bytes = payload_bytes

    def disconnected(self) -> None:
        self._send = None
        self._subscribed.clear()
        self._waiting.clear()
        self.speaker.disconnected()

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        """Answers of the sensor to a write; the caller notifies them."""
        answers = self.speaker.write(characteristic, data)
        self._wake.set()
        return answers

    def subscribe(self, characteristic: str, on: bool) -> None:
        """Somebody wants notifications of a characteristic, or no longer."""
        (self._subscribed.add if on else self._subscribed.discard)(characteristic)
        self._wake.set()

    @property
    def _streams(self) -> bool:
        listened_to = self._send is not None and self.speaker.data_uuid in self._subscribed
        return listened_to and self.speaker.streaming

    # -- what time does ------------------------------------------------------------------------------------

    @property
    def packet_period_s(self) -> float:
        """True seconds between packets."""
        f = self.faults
        rate_hz = self.motion.rate_hz * f.rate_ratio * (1.0 + f.skew_ppm * 1e-6)
        return self.speaker.samples_per_packet / rate_hz

    def sampled_s(self, row: int) -> float:
        """The true moment (event loop's seconds) at which a row of the motion is measured."""
        assert self._origin_s is not None
        return self._origin_s + row * self.packet_period_s / self.speaker.samples_per_packet

    @property
    def origin_s(self) -> float | None:
        """The moment of the first sample; None before the sensor was first started."""
        return self._origin_s

    async def run(self) -> None:
        """Sample, send and suffer until cancelled."""
        async with asyncio.TaskGroup() as life:
            life.create_task(self._deliver())
            await self._started()
            self._origin_s = asyncio.get_running_loop().time()
            for at_s, event in self._events():
                life.create_task(self._later(at_s, event))
            await self._sample()

    async def _started(self) -> None:
        while not self._streams:
            self._wake.clear()
            await self._wake.wait()

    async def _sample(self) -> None:
        loop = asyncio.get_running_loop()
        n = self.speaker.samples_per_packet
        while True:
            due_s = self.sampled_s((self._next_packet + 1) * n - 1)
            if due_s > loop.time():
                await asyncio.sleep(due_s - loop.time())
            if not self._streams:
                await self._started()
                missed = (loop.time() - self.sampled_s(0)) / self.packet_period_s
                self._next_packet = max(self._next_packet, math.ceil(missed))
                continue
            self._emit(self._next_packet, due_s)
            self._next_packet += 1

    def _emit(self, number: int, due_s: float) -> None:
        n = self.speaker.samples_per_packet
        copies = self._fate(due_s)
        f = self.faults
        acc, gyr = self.motion.rows(number * n, n)
        since_boot = number - self._boot_packet
        period_s = 1.0 / (self.motion.rate_hz * f.rate_ratio)  # in the device's own seconds
        packet = Packet(since_boot, since_boot * n * period_s, period_s, acc, gyr)
        notifications = self.speaker.encode(packet)
        if not copies:
            return
        arrives_s = self._arrival(due_s)
        truth = Delivered(
            number, number * n, n, self.sampled_s(number * n), arrives_s, self.boots, self.links, since_boot * n
        )
        for _ in range(copies):
            for notification in notifications:
                heapq.heappush(
                    self._waiting, (arrives_s, len(self.delivered) + len(self._waiting), notification, truth)
                )
        self._delivery.set()

    def _fate(self, due_s: float) -> int:
        """How many copies of a packet reach the radio."""
        f, at_s = self.faults, due_s - self.sampled_s(0)
        lost, doubled = self._rng.uniform(size=2) < (f.lost_ratio, f.duplicated_ratio)
        if self._dead or lost or any(start <= at_s < end for start, end in f.lost_runs_s):
            return 0
        return 2 if doubled else 1

    def _arrival(self, due_s: float) -> float:
        f, at_s = self.faults, due_s - self.sampled_s(0)
        late_s = float(self._rng.uniform(0.0, f.jitter_s)) if f.jitter_s else 0.0
        held = [end - at_s for start, end in f.bursts_s if start <= at_s < end]
        self._last_due_s = max(self._last_due_s, due_s + max([late_s, *held]))
        return self._last_due_s

    async def _deliver(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._waiting:
                self._delivery.clear()
                await self._delivery.wait()
                continue
            if (wait_s := self._waiting[0][0] - loop.time()) > 0:
                await asyncio.sleep(wait_s)
                continue
            _, _, notification, truth = heapq.heappop(self._waiting)
            if self._send is not None:
                self._send(notification)
                self.delivered.append(replace(truth, delivered_s=loop.time()))

    # -- faults that happen at a moment --------------------------------------------------------------------

    def _events(self) -> list[tuple[float, Callable[[], None]]]:
        f = self.faults
        return [
            *((at_s, self._die) for at_s in f.dead_s),
            *((start, self._leave) for start, _ in f.away_s),
            *((end, self._come_back) for _, end in f.away_s),
            *((at_s, self._reboot) for at_s in f.reboots_s),
        ]

    async def _later(self, at_s: float, event: Callable[[], None]) -> None:
        await asyncio.sleep(max(0.0, self.sampled_s(0) + at_s - asyncio.get_running_loop().time()))
        event()

    def _die(self) -> None:
        self._dead = True

    def _leave(self) -> None:
        self.in_range = False
        self._range_changed()
        self._drop()

    def _come_back(self) -> None:
        at_s = asyncio.get_running_loop().time() - self.sampled_s(0)
        self.in_range = not any(start <= at_s < end - 1e-6 for start, end in self.faults.away_s)
        self._range_changed()

    def _reboot(self) -> None:
        self.boots += 1
        self._boot_packet = self._next_packet
        self._drop()
