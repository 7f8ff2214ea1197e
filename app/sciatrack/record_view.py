"""What a person sees while a recording runs: a table on a terminal, a line at each change elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import click

from sciatrack.live_rate import LiveRate

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sciatrack.live.feed import LiveFeed
    from sciatrack_ingest.collector import SensorRecorder
    from sciatrack_ingest.sensors import RawPacket
    from sciatrack_ingest.session_recording import RecordingSession

LOW_BATTERY_PERCENT = 15.0  # below it some sensors stop advertising after the next loss
BATTERY_PERCENT_PER_H = 10.0  # what streaming takes from a small sensor that is no longer new
BELL = "\a"


class Watched:
    """One sensor as the view knows it: its status and the counted packets."""

    def __init__(self, recorder: SensorRecorder, needed_s: float | None = None) -> None:
        self.status = recorder.status
        self.rate = LiveRate()
        self.recorder = recorder
        self.kept: list[RawPacket] | None = None  # a list: keep packets in it, for the fit check
        self._state = self.status.state
        self._warned = False
        self._needed_percent = LOW_BATTERY_PERCENT + BATTERY_PERCENT_PER_H * (needed_s or 0.0) / 3600.0
        self._rate_told = False
        self._troubles: set[str] = set()  # told since the sensor was lost
        self._overflowed = 0

    def look(self, now_s: float) -> list[str]:
        """Count what came since the last look; the sentences that a person should read."""
        packets = self.recorder.take_recent()
        if self.kept is not None:
            self.kept += packets
        if self.status.family is not None:
            self.rate.update(self.status.family, packets, self.status.connections, now_s)
        return [*self._change(), *self._trouble(), *self._battery(), *self._rate(), *self._overflow()]

    def _change(self) -> list[str]:
        from sciatrack_ingest.status import State

        before, self._state = self._state, self.status.state
        if self._state is before:
            return []
        who = f"{self.status.placement}: {self.status.label or 'sensor'}"
        if self._state is State.LOST:
            self._troubles.clear()
            return [f"{who}: SENSOR LOST, searching; what was recorded is safe"]
        if self._state is State.RECORDING:
            return [f"{who}: back, recording goes on" if before is State.LOST else f"{who}: recording"]
        return [f"{who}: {self._state.value} ..."] if self._state is State.SEARCHING else []

    def _trouble(self) -> list[str]:
        """Why a lost sensor does not come back, as soon as that is known or turns out to be something else."""
        from sciatrack_ingest.status import State

        trouble = self.status.trouble
        if self.status.state is not State.LOST or not trouble or trouble in self._troubles:
            return []
        self._troubles.add(trouble)
        return [f"{self.status.placement}: {trouble}"]

    def _rate(self) -> list[str]:
        """Once, when the sensor takes samples at another rate than it was asked for."""
        from sciatrack_ingest.decode_session import RATE_TOLERANCE_RATIO

        family, taken_hz = self.status.family, self.rate.taken_hz
        if self._rate_told or family is None or taken_hz is None:
            return []
        if abs(taken_hz / family.nominal_rate_hz - 1.0) <= RATE_TOLERANCE_RATIO:
            return []
        self._rate_told = True
        return [
            f"{self.status.placement}: the rate is {taken_hz:.1f} Hz instead of {family.nominal_rate_hz:g} Hz; "
            "times are still right, but check the sensor's settings"
        ]

    def _overflow(self) -> list[str]:
        """When packets found the queue to the disk full, and how many."""
        lost, self._overflowed = self.status.overflowed - self._overflowed, self.status.overflowed
        if lost <= 0:
            return []
        return [f"{self.status.placement}: {lost} packets were lost: the disk does not keep up"]

    def _battery(self) -> list[str]:
        percent = self.status.battery_percent
        if percent is None or percent >= self._needed_percent or self._warned:
            return []
        self._warned = True
        if percent < LOW_BATTERY_PERCENT:
            return [
                f"{self.status.placement}: battery at {percent:.0f} %: charge the sensor before the next session"
            ]
        return [f"{self.status.placement}: battery at {percent:.0f} %: it may not last for the planned time"]


class View(Protocol):
    """Something that shows a recording; asked to look a few times a second."""

    watched: list[Watched]

    def look(self) -> None: ...

    def say(self, line: str) -> None: ...


@contextmanager
def open_view(
    session: RecordingSession,
    duration_s: float | None,
    feed: LiveFeed | None = None,
    *,
    needed_s: float | None = None,
) -> Iterator[View]:
    """A live table where a person is looking at stderr, else lines; with `feed`, what the live page shows too.

    duration_s : when it will end by itself; needed_s : what the battery should last for. None: not known.
    """
    needed_s = needed_s or duration_s
    if not sys.stderr.isatty():
        yield _Lines(session, needed_s)
        return
    from rich.console import Console
    from rich.live import Live

    view = _Table(session, duration_s, needed_s, feed)
    with Live(console=Console(stderr=True), auto_refresh=False, redirect_stdout=False) as live:
        view.live = live
        yield view


class _Lines:
    """One line at each change: for logs, pipes and screen readers."""

    def __init__(self, session: RecordingSession, needed_s: float | None) -> None:
        self.session = session
        self.watched = [Watched(recorder, needed_s) for recorder in session.recorders]

    def look(self) -> None:
        now_s = self.session.now_s
        for one in self.watched:
            for line in one.look(now_s):
                self.say(line)

    def say(self, line: str) -> None:
        click.echo(line, err=True)


class _Table(_Lines):
    """The same, and a table that is drawn anew at each look."""

    live: Any

    def __init__(
        self, session: RecordingSession, duration_s: float | None, needed_s: float | None, feed: LiveFeed | None
    ) -> None:
        super().__init__(session, needed_s)
        self._duration_s = duration_s
        self._feed = feed
        self._texts = _page_texts() if feed is not None else {}

    def look(self) -> None:
        super().look()
        self.live.update(self._drawn(), refresh=True)

    def say(self, line: str) -> None:
        loud = "SENSOR LOST" in line
        self.live.console.print(f"{BELL if loud else ''}{line}", style="bold red" if loud else "", highlight=False)

    def _drawn(self) -> RenderableType:
        from rich.table import Table

        end = f" of {clock_text(self._duration_s)}" if self._duration_s else ""
        table = Table(title=f"{clock_text(self.session.recorded_s)}{end}   Ctrl-C stops", title_justify="left")
        for column in ("sensor", "state", "samples", "Hz", "lost", "battery"):
            table.add_column(column, justify="left" if column in ("sensor", "state") else "right")
        for one in self.watched:
            table.add_row(*cells(one), style="bold white on red" if one.status.state == "sensor lost" else "")
        if self._feed is None:
            return table
        from rich.console import Group

        from sciatrack.live.terminal import panel

        return Group(table, panel(self._feed.state, self._texts, _language()))


def _page_texts() -> Mapping[str, Mapping[str, str]]:
    from sciatrack.live.texts import page_texts
    from sciatrack_signal.exercises import catalogue

    return page_texts(catalogue())


def _language() -> str:
    """German where the terminal's locale is German, else English."""
    said = next((word for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (word := os.environ.get(name))), "")
    return "de" if said.startswith("de") else "en"


def cells(one: Watched) -> Sequence[str]:
    """The row of one sensor."""
    status, rate = one.status, one.rate
    nominal = f" of {status.family.nominal_rate_hz:g}" if status.family else ""
    battery = "" if status.battery_percent is None else f"{status.battery_percent:.0f} %"
    return (
        f"{status.placement} {status.label}",
        status.state.value.upper() if status.state == "sensor lost" else status.state.value,
        str(rate.samples),
        "" if rate.rate_hz is None else f"{rate.rate_hz:.1f}{nominal}",
        f"{rate.lost_percent:.2f} %",
        battery,
    )


def clock_text(seconds: float) -> str:
    """90.4 -> 01:30."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
