"""The collector: keeps a sensor connected, and brings every notification to the disk as it came.

It moves bytes and does not understand them; samples are decoded from the raw log afterwards. Nothing but the disk
can end a recording once it runs: a lost, silent or refusing sensor is sought and started again, for ever.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from sciatrack_ingest.connecting import (
    Patience,
    SensorNotFoundError,
    SilentSensorError,
    Stopped,
    battery_percent,
    find_sensor,
    open_link,
    quietly,
    send,
    start_streaming,
    unless_stopped,
)
from sciatrack_ingest.radio import Clock, Found, HostClock, Link, LinkError, Radio, RadioError
from sciatrack_ingest.raw_queue import RawQueue
from sciatrack_ingest.rawlog import BATTERY, CONNECT, DISCONNECT, MTU, RSSI, STOP, RawLogError, RawLogWriter
from sciatrack_ingest.sensors import RawPacket, SensorFamily, SensorRefusedError
from sciatrack_ingest.status import State, Status

RECENT_PACKETS = 4000  # for the display, which looks a few times a second; older ones are only on disk
TROUBLES = (RadioError, SensorRefusedError)


OpenLog = Callable[[Found, SensorFamily], RawLogWriter]


class SensorRecorder:
    """Records one sensor into one raw log until `stop` is set.

    wanted   : name or address, or None for any supported sensor.
    open_log : makes the raw log once the sensor is found; called once.
    turn     : shared by all recorders of a session, so that one at a time searches and connects.
    """

    def __init__(
        self,
        radio: Radio,
        wanted: str | None,
        placement: str,
        open_log: OpenLog,
        *,
        turn: asyncio.Lock | None = None,
        patience: Patience | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.status = Status(placement)
        # Told each packet and the number of its connection; must neither wait nor raise.
        self.tap: Callable[[int, RawPacket], None] = lambda connection, packet: None
        self._radio, self._wanted, self._open_log = radio, wanted, open_log
        self._turn = turn or asyncio.Lock()
        self._patience = patience or Patience()
        self._clock = clock or HostClock()
        self._rng = rng or random.Random()
        self._queue: RawQueue | None = None
        self._link: Link | None = None
        self._recent: deque[RawPacket] = deque(maxlen=RECENT_PACKETS)
        self._opening: list[RawPacket] | None = None  # a new connection's packets while it negotiates
        self._failures = 0
        self._first_ns: int | None = None  # first packet after a start
        self._heard_ns: dict[int, int] = {}  # when each stream of this connection was heard last
        self._battery_asked = False  # the answer comes among the notifications
        self._changed = asyncio.Event()  # link lost, disk failed or told to stop

    def take_recent(self) -> list[RawPacket]:
        """Packets since the last call (at most the newest few thousand); for the display only."""
        taken = list(self._recent)
        self._recent.clear()
        return taken

    def note(self, kind: str, **data: object) -> None:
        """Keep an event of now in the raw log; nothing before the sensor is found."""
        if self._queue is not None:
            self._queue.event(kind, **data)

    async def run(self, stop: asyncio.Event) -> None:
        """Record until `stop`.

        Raises RadioError or SensorRefusedError where it never starts, RawLogError when the disk fails.
        """
        stopper = asyncio.create_task(self._watch(stop))
        try:
            await self._record(stop)
        finally:
            stopper.cancel()
            self.status.state = State.STOPPED
            if self._queue is not None:
                self._queue.event(STOP)
                await asyncio.shield(asyncio.to_thread(self._queue.close))

    async def _watch(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._changed.set()

    async def _record(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            trouble: Exception | None = None
            try:
                await self._one_connection(stop)
            except TROUBLES as error:
                trouble = error
            self._raise_disk_failure()
            if stop.is_set():
                return
            self._failures += trouble is not None
            if trouble is not None:
                self.status.trouble = str(trouble)
                if self.status.first_data_ns is None and self._hopeless(trouble):
                    raise trouble
            await self._pause(stop, trouble)

    def _hopeless(self, trouble: Exception) -> bool:
        """Nothing was ever recorded: a connection may fail twice, anything else is for a person to mend."""
        return not isinstance(trouble, LinkError) or self._failures >= self._patience.tries

    async def _pause(self, stop: asyncio.Event, trouble: Exception | None) -> None:
        """Longer after each failure, never the same for two recorders; short while a sensor is just not heard."""
        first_s, longest_s = self._patience.backoff
        if isinstance(trouble, SensorNotFoundError):
            longest_s = min(longest_s, self._patience.unheard)
        pause_s = min(first_s * 2.0 ** max(self._failures - 1, 0), longest_s) * self._rng.uniform(0.5, 1.0)
        try:
            async with asyncio.timeout(pause_s):
                await stop.wait()
        except TimeoutError:
            return

    async def _one_connection(self, stop: asyncio.Event) -> None:
        """Find, connect, start and stay until the link is over."""
        self._changed.clear()
        reason = "error"
        try:
            link, family = await unless_stopped(stop, self._begin())
            reason = await self._stay(link, family, stop)
        except Stopped:
            reason = "stop"
        finally:
            self._opening = None
            if self._link is not None:
                await self._part(self._link, reason)

    async def _begin(self) -> tuple[Link, SensorFamily]:
        async with self._turn:
            link, family = await self._connected()
            await self._started(link, family)
        return link, family

    async def _connected(self) -> tuple[Link, SensorFamily]:
        status = self.status
        status.state = State.LOST if status.first_data_ns is not None else State.SEARCHING
        patience = self._patience
        if status.state is State.LOST:
            patience = replace(patience, scan=min(patience.rescan, patience.scan))
        found, family = await find_sensor(self._radio, self._wanted, patience)
        if self._queue is None:
            self._queue = RawQueue(
                self._open_log(found, family), clock=self._clock, on_failure=self._from_thread(self._changed.set)
            )
            self._wanted = found.advertisement.address or found.advertisement.name
        status.label, status.family, status.rssi_dbm = found.label, family, found.advertisement.rssi_dbm
        if status.state is State.SEARCHING:
            status.state = State.CONNECTING
        link = await open_link(self._radio, found, family, self._patience, self._changed.set)
        self._link = link
        status.connections += 1
        self._queue.event(CONNECT, name=found.label, connection=status.connections)
        self._queue.event(MTU, mtu=link.mtu)
        if status.rssi_dbm is not None:
            self._queue.event(RSSI, rssi_dbm=status.rssi_dbm)
        return link, family

    @staticmethod
    def _from_thread(call: Callable[[], None]) -> Callable[[RawLogError], None]:
        loop = asyncio.get_running_loop()
        return lambda _: void(loop.call_soon_threadsafe(call))

    async def _started(self, link: Link, family: SensorFamily) -> None:
        received: list[RawPacket] = []
        self._opening, self._heard_ns = received, {}
        await start_streaming(link, family, self._patience, received, partial(self._callback, family))
        self._opening = None
        await self._ask_battery(link, family)

    def _callback(self, family: SensorFamily, uuid: str) -> Callable[[bytes], None]:
        """What the radio calls for each notification: stamp and queue, nothing else that could take time."""
        queue, status = self._queue, self.status
        assert queue is not None

        def on_data(payload: bytes) -> None:
            packet = queue.put(uuid, bytes(payload))
            status.packets += 1
            self._recent.append(packet)
            self.tap(status.connections, packet)
            if self._opening is not None:
                self._opening.append(packet)
            elif (stream := family.stream_of(uuid, packet.payload)) is not None:
                self._heard_ns[stream] = packet.monotonic_ns
                self._first_ns = self._first_ns or packet.monotonic_ns
            if self._battery_asked:
                self._learn_battery(family.battery_percent(uuid, packet.payload))

        return on_data

    async def _stay(self, link: Link, family: SensorFamily, stop: asyncio.Event) -> str:
        """Watch the data; returns why the connection is over. `is_connected` is not asked: it may be wrong."""
        patience, status = self._patience, self.status
        since_ns = self._clock.monotonic_ns()
        battery_ns = since_ns
        while True:
            try:
                async with asyncio.timeout(patience.silence / 3.0):
                    await self._changed.wait()
                if stop.is_set():
                    await self._say_goodbye(link, family)
                    return "stop"
                return self._over()
            except TimeoutError:
                pass
            now_ns = self._clock.monotonic_ns()
            if not self._heard_ns:
                if now_ns - since_ns > patience.first_data * 1e9:
                    raise SilentSensorError(f"{status.label} is connected, but sends nothing")
                continue
            self._data_flow()
            if self._is_silent(now_ns, since_ns):
                return "silent"
            if now_ns - battery_ns > patience.battery * 1e9:
                battery_ns = now_ns
                await self._ask_battery(link, family)

    def _is_silent(self, now_ns: int, since_ns: int) -> bool:
        """All streams are dead; or one of several, and making the connection anew was not tried a moment ago."""
        limit_ns = now_ns - self._patience.silence * 1e9
        heard_ns = self._heard_ns.values()
        aged = now_ns - since_ns > self._patience.partial * 1e9
        return max(heard_ns) < limit_ns or (aged and min(heard_ns) < limit_ns)

    def _over(self) -> str:
        """Why a connection ended by itself; raises LinkError where it brought nothing, so that pauses grow."""
        if self._queue and self._queue.failure:
            return "disk"
        if not self._heard_ns:
            raise LinkError(f"{self.status.label}: the connection broke before any data came")
        self._data_flow()
        return "lost"

    def _data_flow(self) -> None:
        status = self.status
        status.state, status.trouble, self._failures = State.RECORDING, "", 0
        status.overflowed = self._queue.overflowed if self._queue else 0
        if status.first_data_ns is None:
            status.first_data_ns = self._first_ns

    async def _ask_battery(self, link: Link, family: SensorFamily) -> None:
        self._battery_asked = bool(family.battery_request)
        try:
            percent = await battery_percent(link, family, self._patience)
        except TROUBLES:
            return  # not worth a connection; the watchdog decides about that
        self._learn_battery(percent)

    def _learn_battery(self, percent: float | None) -> None:
        if percent is not None and self._queue is not None:
            self._battery_asked = False
            self.status.battery_percent = percent
            self._queue.event(BATTERY, percent=percent)

    async def _say_goodbye(self, link: Link, family: SensorFamily) -> None:
        for command in family.stop_commands:
            await quietly(send(link, command, self._patience))

    async def _part(self, link: Link, reason: str) -> None:
        self._link = None
        await link.close()
        if self.status.first_data_ns is not None and reason != "stop":
            self.status.state = State.LOST
        if self._queue is not None:
            self._queue.event(DISCONNECT, reason=reason)

    def _raise_disk_failure(self) -> None:
        if self._queue is not None and self._queue.failure is not None:
            raise self._queue.failure


def void(_: object) -> None:
    """Forget a result."""


async def collect(recorders: Sequence[SensorRecorder], stop: asyncio.Event) -> None:
    """Run several recorders on one time base until `stop`; the first that fails stops the others, which close."""
    tasks = [asyncio.create_task(recorder.run(stop)) for recorder in recorders]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        stop.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
