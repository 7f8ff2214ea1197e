"""`sciatrack record` behind its options: checks before, a session while it runs, a finished folder after."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.session_recording import RecordingSession, Sitting

if TYPE_CHECKING:
    from sciatrack.live.feed import LiveFeed
    from sciatrack.live.recording import LiveOptions
    from sciatrack.planned import Intended
    from sciatrack.record_view import View
    from sciatrack_ingest.radio import Clock, Radio

LOOK_EVERY_S = 0.25  # four looks a second seem live and cost under 1 % of a core
# 100 Hz make 5 kB/s of raw log and 6 kB/s of samples, 400 Hz four times that; twice for the copy while closing.
BYTES_PER_S = 25_000
MARGIN_BYTES = 100_000_000  # what any computer needs to go on working
UNPLANNED_S = 2 * 3600.0  # a sitting without --duration is hardly longer

OpenRadio = Callable[[], AbstractAsyncContextManager["Radio"]]


class DiskSpaceError(SciatrackError, OSError):
    """There is too little room for what was planned."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Request:
    """What is to be recorded, from where, for how long (None: until stopped) and into which folder.

    planned_s : how long it is meant to be where nothing ends it by itself, as with a plan; None: not said.
    fit_check : what its one rep is of; None: no fit check.
    """

    sitting: Sitting
    open_radio: OpenRadio
    parent: Path
    duration_s: float | None = None
    planned_s: float | None = None
    fit_check: Intended | None = None
    clock: Clock | None = None  # None: the computer's own
    live: LiveOptions | None = None  # with a live page

    @property
    def length_s(self) -> float | None:
        """What disk and battery must last for, as far as it was said."""
        return self.duration_s or self.planned_s

    @property
    def prepares(self) -> bool:
        """The fit check is no part of the session; with a plan it need not be kept apart, since its sets tell."""
        return self.fit_check is not None and (self.live is None or self.live.plan is None)


@dataclass(frozen=True)
class Recorded:
    """A recording that is over: its folder (None: nothing was recorded) and what went wrong on the way."""

    folder: Path | None
    trouble: Exception | None = None


def check_disk(parent: Path, duration_s: float | None, sensors: int) -> None:
    """Raise DiskSpaceError where the planned recording does not fit."""
    place = next(folder for folder in (parent.absolute(), *parent.absolute().parents) if folder.exists())
    if not place.is_dir():
        raise DiskSpaceError(f"{place} is a file, not a folder; choose another place with --output.")
    if not os.access(place, os.W_OK):
        raise DiskSpaceError(f"{place} cannot be written to; choose another folder with --output.")
    free = shutil.disk_usage(place).free
    needed = MARGIN_BYTES + round(BYTES_PER_S * sensors * (duration_s or UNPLANNED_S))
    if free < needed:
        raise DiskSpaceError(
            f"only {free / 1e6:.0f} MB are free at {place}, this recording needs {needed / 1e6:.0f} MB; "
            "free some space or choose another disk with --output."
        )


def record(request: Request) -> Recorded:
    """Record until the duration is over or a signal comes; what was recorded stays whatever happens."""
    check_disk(request.parent, request.length_s, len(request.sitting.sensors))
    return asyncio.run(record_async(request))


async def record_async(request: Request) -> Recorded:
    """`record` on a running event loop, without the checks before."""
    stop = asyncio.Event()
    async with request.open_radio() as radio:
        session = RecordingSession(
            radio, request.sitting, request.parent, clock=request.clock, preparing=request.prepares
        )
        with stop_signals(stop):
            trouble = await _run(session, request, stop)
    return Recorded(session.folder if session.begun else None, trouble)


async def _run(session: RecordingSession, request: Request, stop: asyncio.Event) -> Exception | None:
    from sciatrack_ingest.collector import collect

    ready = asyncio.Event()
    page, feed = await _live_page(session, request, stop)
    display = asyncio.create_task(_show(session, request, stop, ready, feed))
    clock = asyncio.create_task(_stop_after(session, request.duration_s, stop, ready))
    try:
        await collect(session.recorders, stop)
    except SciatrackError as error:
        return error
    finally:
        clock.cancel()
        await asyncio.gather(display, clock, page, return_exceptions=True)
    return None


async def _live_page(
    session: RecordingSession, request: Request, stop: asyncio.Event
) -> tuple[asyncio.Task[None], LiveFeed | None]:
    """The live page beside the recording, where it is asked for; whatever goes wrong there stays there."""
    nothing = asyncio.create_task(asyncio.sleep(0))
    if request.live is None:
        return nothing, None
    from sciatrack.live.recording import begin_page

    try:
        return await begin_page(session, request.sitting, request.live, stop)
    except Exception as error:
        click.echo(f"the live page could not be started ({error!r}); the recording goes on", err=True)
        return nothing, None


async def _stop_after(
    session: RecordingSession, duration_s: float | None, stop: asyncio.Event, ready: asyncio.Event
) -> None:
    if duration_s is None:
        return
    await ready.wait()
    while session.recorded_s < duration_s:
        await asyncio.sleep(min(max(duration_s - session.recorded_s, 0.01), 1.0))
    stop.set()


async def _show(
    session: RecordingSession,
    request: Request,
    stop: asyncio.Event,
    ready: asyncio.Event,
    feed: LiveFeed | None,
) -> None:
    """Draw until stopped. Whatever goes wrong here (a closed terminal, a bug) must not end the recording."""
    from sciatrack.record_view import open_view

    try:
        with open_view(session, request.duration_s, feed, needed_s=request.length_s) as view:
            looking = asyncio.create_task(_look(view, stop))
            if request.fit_check is not None:
                from sciatrack.fit_guide import guide_fit

                await guide_fit(session, request.fit_check, view, stop)
                if not stop.is_set():  # what was stopped before it began is kept as it is
                    session.begin_now()
            ready.set()
            await looking
            view.look()
            if session.begun:
                view.say("stopping ...")
    except Exception as error:
        with contextlib.suppress(Exception):
            click.echo(f"the display failed ({error!r}); the recording goes on", err=True)
    finally:
        if session.preparing and not stop.is_set():
            session.begin_now()
        ready.set()


async def _look(view: View, stop: asyncio.Event) -> None:
    while not stop.is_set():
        view.look()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await stop.wait()


@contextlib.contextmanager
def stop_signals(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end the recording cleanly; a second Ctrl-C ends it at once."""
    loop = asyncio.get_running_loop()
    caught = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in caught}

    def on_signal(number: int, _: object) -> None:
        signal.signal(number, before[number])
        loop.call_soon_threadsafe(stop.set)

    for number in caught:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.asynccontextmanager
async def real_radio() -> AsyncIterator[Radio]:
    """The computer's own Bluetooth."""
    from sciatrack_ingest.ble import BleakRadio

    yield BleakRadio()


def local_timezone() -> str:
    """The IANA name of this computer's zone, UTC where it does not tell."""
    from sciatrack_ingest.manifest import ZoneError, zone

    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    for name in (os.environ.get("TZ", "").lstrip(":"), linked):
        with contextlib.suppress(ZoneError):
            return zone(name).key
    return "UTC"


def tell_trouble(trouble: Exception, folder: Path | None) -> click.ClickException:
    """The error of a recording with what is left of it."""
    kept = f" What was recorded is in {folder}." if folder is not None else ""
    return click.ClickException(f"{trouble}{kept}")


def tell_unfinished(error: Exception, folder: Path, trouble: Exception | None = None) -> click.ClickException:
    """The error of a session that was recorded, until some `trouble`, and could not be finished."""
    before = f"{trouble} " if trouble is not None and str(trouble) != str(error) else ""
    return click.ClickException(
        f"{before}What was recorded is in {folder}, but the session could not be finished: {error} "
        f"When that is mended: sciatrack recover {folder}"
    )


def folders_in(parent: Path) -> set[Path]:
    """The folders there, none where there is no such place."""
    return {path for path in parent.iterdir() if path.is_dir()} if parent.is_dir() else set()


def tell_interrupted(new: Iterable[Path]) -> click.ClickException:
    """A second Ctrl-C, while a recording was ended: what is on disk of the `new` folders, and how to go on."""
    kept = " ".join(f"What was recorded is kept; finish it with: sciatrack recover {path}" for path in sorted(new))
    return click.ClickException(f"ended at once. {kept or 'Nothing was recorded.'}")
