"""A live page beside a recording: taps on the recorders, a word on the sensors four times a second, an address."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sciatrack.live.address import tell_address
from sciatrack.live.feed import LiveFeed
from sciatrack.live.setup import Setup
from sciatrack.live.wire import Arrived
from sciatrack_ingest.manifest import utc_to_text

if TYPE_CHECKING:
    from sciatrack_ingest.sensors import RawPacket
    from sciatrack_ingest.session_recording import RecordingSession, Sitting
    from sciatrack_ingest.status import Status

STATUS_EVERY_S = 0.25
TOKEN_BYTES = 16  # nobody guesses 128 bits


@dataclass(frozen=True)
class LiveOptions:
    """port : 0 for the usual one, or any if that is taken. lan : other computers of this network may look.

    plan : the session plan that is walked through (Plan.to_dict); None: reps are counted freely
    """

    port: int = 0
    lan: bool = False
    plan: Mapping[str, Any] | None = None
    say: Callable[[str], None] = print


def token(options: LiveOptions) -> str:
    """The first part of the page's address where the network can reach it."""
    return secrets.token_urlsafe(TOKEN_BYTES) if options.lan else ""


async def begin_page(
    session: RecordingSession, sitting: Sitting, options: LiveOptions, stop: asyncio.Event
) -> tuple[asyncio.Task[None], LiveFeed]:
    """Start the server and feed it until `stop`; the task ends when the server has gone. The feed has its state."""
    page = _Page(session, sitting, options)
    loop = asyncio.get_running_loop()
    page.feed.on_stop = lambda: void(loop.call_soon_threadsafe(stop.set))
    await page.feed.begin()
    for recorder in session.recorders:
        recorder.tap = partial(_tapped, page.feed, session, recorder.status)
    return asyncio.create_task(page.run(stop)), page.feed


def _tapped(feed: LiveFeed, session: RecordingSession, status: Status, connection: int, packet: RawPacket) -> None:
    """Every packet, but not what is measured in the fit check: its rep is none of the session's."""
    measured = status.family is not None and status.family.stream_of(packet.channel, packet.payload) is not None
    if session.preparing and measured:
        return
    feed.packet(Arrived(status.placement, connection, packet))


def void(_: object) -> None:
    """Forget a result."""


class _Page:
    def __init__(self, session: RecordingSession, sitting: Sitting, options: LiveOptions) -> None:
        self._session, self._sitting, self._options = session, sitting, options
        self._token, self._port = token(options), options.port
        self.feed = LiveFeed(self._setup, options.say)
        self.feed.on_port = self._listens

    async def run(self, stop: asyncio.Event) -> None:
        telling = asyncio.create_task(self._tell(stop))
        await self.feed.run(stop)
        await telling

    async def _tell(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.feed.status(status_body(self._session.now_s, [one.status for one in self._session.recorders]))
            await asyncio.sleep(STATUS_EVERY_S)

    def _listens(self, port: int) -> None:
        if port != self._port or not self.feed.restarts:
            tell_address(port, self._token, self._options.say)
        self._port = port  # a server that is started again listens at the same place

    def _setup(self) -> Mapping[str, Any]:
        session, sitting = self._session, self._sitting
        return asdict(
            Setup(
                folder=str(session.folder.absolute()),
                logs=str(session.folder.absolute()),
                zero_ns=session.start_ns,
                sensors=tuple(placement for _, placement in sitting.sensors),
                participant=sitting.participant,
                timezone=sitting.timezone,
                session_id=session.session_id,
                start_utc=utc_to_text(session.start_utc),
                exercise=sitting.exercise,
                side=sitting.side,
                origin=sitting.origin,
                plan=self._options.plan,
                port=self._port,
                token=self._token,
            )
        )


def status_body(now_s: float, sensors: list[Status]) -> dict[str, Any]:
    """What the server is told of time and sensors."""
    return {"now_s": now_s, "sensors": [_sensor(one) for one in sensors]}


def _sensor(status: Status) -> dict[str, Any]:
    return {
        "placement": status.placement,
        "state": status.state.value,
        "label": status.label,
        "family": status.family.name if status.family else "",
        "battery_percent": status.battery_percent,
    }
