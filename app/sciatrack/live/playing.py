"""A session played back into the live page: its packets, keys and answers at the moments at which they came."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from sciatrack.live.address import tell_address
from sciatrack.live.feed import STARTING_S, LiveFeed
from sciatrack.live.recording import STATUS_EVERY_S, LiveOptions, void
from sciatrack.live.sensors import numbered
from sciatrack.live.setup import Setup
from sciatrack.live.wire import Arrived
from sciatrack.walk import Event, read_events
from sciatrack_ingest.rawlog import BATTERY, CONNECT, DISCONNECT, RawHeader
from sciatrack_ingest.rawread import RawLog
from sciatrack_ingest.status import State

# As finely as packets come from the air: coarser steps would be a delay of the page's.
STEP_S = 0.02
# Nothing is recorded here, so a server that is behind is waited for instead of dropping.
MOST_WAITING = 1000
WAIT_S = 0.005
ANSWERS_OWN = ("phase", "at_utc", "timezone")  # what the engine says of answers itself
STATES = {CONNECT: State.RECORDING, DISCONNECT: State.LOST}


class Moment(NamedTuple):
    """Something that is to be told at a time of the session's clock."""

    at_s: float
    order: int  # packets before what is said of them, a person's deed last
    number: int
    what: Arrived | Mapping[str, Any] | None  # None: only the status


async def play_live(
    session: Path, logs: Sequence[RawLog], speed: float, options: LiveOptions, stop: asyncio.Event
) -> None:
    """Serve the page and feed it `logs`, which have headers; `speed` as for `playback.play`.

    Returns after the last packet, or when the page or `stop` ends it. What is answered or pressed meanwhile goes
    into a folder that is thrown away: the session is only read.
    """
    with tempfile.TemporaryDirectory(prefix="sciatrack-replay-") as scratch:
        player = _Player(session, logs, speed, options, Path(scratch))
        loop = asyncio.get_running_loop()
        player.feed.on_stop = lambda: void(loop.call_soon_threadsafe(stop.set))
        listening = asyncio.Event()
        player.on_listening = lambda: void(loop.call_soon_threadsafe(listening.set))
        await player.feed.begin()
        serving = asyncio.create_task(player.feed.run(stop))
        try:
            with contextlib.suppress(TimeoutError):  # played all the same: a server that comes later catches up
                await asyncio.wait_for(listening.wait(), STARTING_S)
            await player.play(stop)
        finally:
            stop.set()
            await serving


class _Player:
    def __init__(
        self, session: Path, logs: Sequence[RawLog], speed: float, options: LiveOptions, scratch: Path
    ) -> None:
        self._session, self._logs, self._speed, self._options = session, logs, speed, options
        self._folder = scratch / session.resolve().name
        self._header: RawHeader = _header(logs[0])
        self._port = options.port
        self._said, _ = read_events(session)
        self._sensors = {header.placement: _waiting(header) for header in map(_header, logs)}
        self._now_s = 0.0
        self.on_listening: Callable[[], None] = lambda: None
        self.feed = LiveFeed(self._setup, options.say)
        self.feed.on_port = self._listens

    def _listens(self, port: int) -> None:
        if not self.feed.restarts:
            tell_address(port, "", self._options.say)
        self._port = port
        self.on_listening()

    async def play(self, stop: asyncio.Event) -> None:
        """Tell every moment when its time has come."""
        pace = min(self._speed, 1e6)
        step_s, begun_s = STEP_S * max(pace, 1.0), asyncio.get_running_loop().time()
        until_s = -1.0
        for moment in moments(self._logs, self._said):
            while moment.at_s > until_s and not stop.is_set():
                until_s = max(until_s + step_s, moment.at_s if pace == 1e6 else 0.0)
                wait_s = begun_s + until_s / pace - asyncio.get_running_loop().time()
                await asyncio.sleep(max(wait_s, 0.0))
            while self.feed.waiting > MOST_WAITING and not stop.is_set():
                await asyncio.sleep(WAIT_S)
            if stop.is_set():
                return
            self._tell(moment)
        await asyncio.sleep(STATUS_EVERY_S)

    def _tell(self, moment: Moment) -> None:
        self._now_s = moment.at_s
        if isinstance(moment.what, Arrived):
            self.feed.packet(moment.what)
            return
        if moment.what is not None and "placement" in moment.what:
            self._sensors[moment.what["placement"]] |= moment.what
        self.feed.status({"now_s": moment.at_s, "sensors": list(self._sensors.values())})
        if moment.what is not None and "act" in moment.what:
            self.feed.act(moment.what)

    def _setup(self) -> Mapping[str, Any]:
        header = self._header
        return asdict(
            Setup(
                folder=str(self._folder),
                logs=str(self._session.absolute()),
                zero_ns=header.start_monotonic_ns,
                sensors=tuple(self._sensors),
                participant=header.participant,
                timezone=header.timezone,
                session_id=header.session_id,
                start_utc=header.start_utc,
                exercise=header.exercise,
                side=header.side,
                origin=header.origin,
                plan=next((event.data["plan"] for event in self._said if event.kind == "begin"), None),
                pace=self._speed if self._speed < 1e6 else 0.0,
                until_ns=header.start_monotonic_ns + round(self._now_s * 1e9),
                port=self._port,
            )
        )


def moments(logs: Sequence[RawLog], said: Sequence[Event]) -> Iterator[Moment]:
    """Packets, changes of a sensor, what a person did, and a status every quarter second, in order of time."""
    zero_ns = _header(logs[0]).start_monotonic_ns
    last_s = max((log.last_ns - zero_ns) * 1e-9 for log in logs)
    streams = [_of_log(log, zero_ns) for log in logs]
    deeds = [(event.at_s, deed) for event in said if (deed := deed_of(event)) is not None]
    streams.append([Moment(at_s, 2, number, deed) for number, (at_s, deed) in enumerate(deeds)])
    ticks = int(max([last_s, *(at_s for at_s, _ in deeds)]) / STATUS_EVERY_S) + 2
    streams.append([Moment(number * STATUS_EVERY_S, 1, number, None) for number in range(ticks)])
    return heapq.merge(*streams, key=lambda moment: moment[:2])


def deed_of(event: Event) -> dict[str, Any] | None:
    """What a page sent when this event happened; None for what no person did."""
    match event.kind:
        case "key":
            return {"act": "key", "key": event.data["key"]}
        case "answers":
            answers = event.data["answers"]
            given = {name: value for name, value in answers.items() if name not in ANSWERS_OWN}
            return {"act": "answers", "phase": answers.get("phase"), "answers": given}
        case "correct":
            return {"act": "correct", **{name: event.data[name] for name in ("run", "count", "reason")}}
    return None


def _of_log(log: RawLog, zero_ns: int) -> list[Moment]:
    placement = _header(log).placement
    packets = [
        Moment((one.packet.monotonic_ns - zero_ns) * 1e-9, 0, number, one)
        for number, one in enumerate(numbered(placement, log))
    ]
    last_ns = max((packet.monotonic_ns for packet in log.packets), default=0)
    changes = [
        Moment((event.monotonic_ns - zero_ns) * 1e-9, 1, number, {"placement": placement} | change)
        for number, event in enumerate(log.events)
        if (change := _change(event.kind, event.data, last=event.monotonic_ns > last_ns))
    ]
    return sorted([*packets, *changes], key=lambda moment: moment[:3])


def _change(kind: str, data: Mapping[str, Any], last: bool) -> dict[str, Any]:
    if last and kind == DISCONNECT:  # nothing came after it: the recording was over
        return {"state": State.STOPPED.value}
    if kind in STATES:
        return {"state": STATES[kind].value}
    return {"battery_percent": data.get("percent")} if kind == BATTERY else {}


def _waiting(header: RawHeader) -> dict[str, Any]:
    return {
        "placement": header.placement, "state": State.SEARCHING.value, "label": header.sensor_name,
        "family": header.family, "battery_percent": None,
    }  # fmt: skip


def _header(log: RawLog) -> RawHeader:
    assert log.header is not None, "the caller leaves out logs without a header"
    return log.header
