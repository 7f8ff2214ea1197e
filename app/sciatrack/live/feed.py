"""`LiveFeed`: the live server seen from the recorder, which never waits for it.

What the recorder hands over goes into a bounded queue; a thread writes it to the server's standard input. A full
queue drops and says so, and the server then reads what it missed from the raw log. A server that dies or falls
silent is started again; the recording knows nothing of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from sciatrack.live import wire
from sciatrack.live.wire import Arrived

# A minute of 100 packets a second, 1 MB: a server that is behind by more is not worth waiting for.
CAPACITY = 6000
# The server says something every second; imports and reading a long log may keep it from that for a while.
SILENT_S, STARTING_S = 10.0, 40.0
WATCH_EVERY_S = 0.25
RESTART_AFTER_S, RESTART_LONGEST_S = 1.0, 30.0
# A server that ran for so long was not broken from the start.
RAN_WELL_S = 60.0
# After the end the server tells its pages and writes its last line; then it has to go.
GOODBYE_S = 3.0


class LiveFeed:
    """Starts the server, feeds it, watches it, starts it again; `setup` gives what each new server is told first.

    say : shows one line to the person at the recorder.
    """

    def __init__(self, setup: Callable[[], Mapping[str, Any]], say: Callable[[str], None]) -> None:
        self.state: Mapping[str, Any] = {}  # the newest state of the page
        self.restarts = 0
        self.dropped = 0
        self.on_stop: Callable[[], None] = lambda: None  # the person ended the session on the page
        self.on_port: Callable[[int], None] = lambda port: None  # the server listens, each time it is started
        self._setup, self._say = setup, say
        self._server: _Server | None = None
        self._failures = 0

    @property
    def waiting(self) -> int:
        """Frames that the server has not taken yet."""
        server = self._server
        return 0 if server is None else server.waiting

    def packet(self, arrived: Arrived) -> None:
        """Called by the radio's callback: never waits, never raises."""
        self._offer(wire.packet_frame, arrived)

    def status(self, body: Mapping[str, Any]) -> None:
        """What the recorder shows of its sensors."""
        self._offer(lambda one: wire.json_frame(wire.STATUS, one), body)

    def act(self, body: Mapping[str, Any]) -> None:
        """What a person did at the recorder's terminal."""
        self._offer(lambda one: wire.json_frame(wire.ACT, one), body)

    def _offer(self, encode: Callable[[Any], bytes], what: Any) -> None:
        server = self._server
        if server is not None:
            with contextlib.suppress(Exception):  # the recording goes on whatever happens here
                self.dropped += not server.offer(encode(what))

    async def begin(self) -> None:
        """Start the first server; what is handed over from now on reaches it."""
        self._server = await asyncio.to_thread(_Server, self._setup(), self._heard)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep a server running until `stop`, then let it say goodbye."""
        while not stop.is_set():
            begun_s = time.monotonic()
            if self._server is None:
                await self.begin()
            server = self._server
            assert server is not None
            why = await self._watch(server, stop)
            if stop.is_set():
                break
            self._server = None
            await asyncio.to_thread(server.kill)
            self.restarts += 1
            self._failures = 1 if time.monotonic() - begun_s > RAN_WELL_S else self._failures + 1
            pause_s = min(RESTART_AFTER_S * 2.0 ** (self._failures - 1), RESTART_LONGEST_S)
            self._say(f"the live page's server {why}; the recording goes on, it is started again")
            await _until(stop, pause_s)
        if self._server is not None:
            await asyncio.to_thread(self._server.part)

    async def _watch(self, server: _Server, stop: asyncio.Event) -> str:
        """Returns what is wrong with the server; "" when told to stop."""
        while not await _until(stop, WATCH_EVERY_S):
            status = server.process.poll()
            if status is not None:
                return f"ended with status {status}"
            quiet_s = time.monotonic() - server.heard_s
            if quiet_s > (SILENT_S if server.has_spoken else STARTING_S):
                return f"said nothing for {quiet_s:.0f} s"
        return ""

    def _heard(self, line: Mapping[str, Any]) -> None:
        """From the thread that listens to the server."""
        if "say" in line:
            self._say(str(line["say"]))
        if "port" in line:
            self.on_port(int(line["port"]))
        if line.get("stop"):
            self.on_stop()
        if "state" in line:
            self.state = line["state"]


async def _until(stop: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    return stop.is_set()


class _Server:
    """One server process with a thread that writes to it and one that listens."""

    def __init__(self, setup: Mapping[str, Any], heard: Callable[[Mapping[str, Any]], None]) -> None:
        self.heard_s = time.monotonic()
        self.has_spoken = False
        self._heard = heard
        self._queue: queue.Queue[bytes | None] = queue.Queue(CAPACITY)
        self._queue.put(wire.json_frame(wire.SETUP, setup))
        self._unsaid = False
        # Its own session: Ctrl-C at the terminal is for the recorder, which then tells the server.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sciatrack.live"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._threads = [
            threading.Thread(target=work, name=f"live {name}", daemon=True)
            for name, work in (("writer", self._write), ("listener", self._listen))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def offer(self, data: bytes) -> bool:
        """Queue a frame, or drop it; False if it was dropped."""
        try:
            if self._unsaid:
                self._queue.put_nowait(wire.frame(wire.LOST))
                self._unsaid = False
            self._queue.put_nowait(data)
            return True
        except queue.Full:
            self._unsaid = True
            return False

    def _write(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # the server is gone; whoever watches it knows
            while (data := self._queue.get()) is not None:
                self.process.stdin.write(data)
                if self._queue.empty():
                    self.process.stdin.flush()
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            self.heard_s = time.monotonic()
            self.has_spoken = True
            with contextlib.suppress(Exception):  # a line that is none, a display that fails
                self._heard(json.loads(text))

    def part(self) -> None:
        """Close its input, wait a little, end it."""
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(GOODBYE_S)
        self.kill()

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)  # the writer may be waiting for more
        for thread in self._threads:
            thread.join(GOODBYE_S)
        if self.process.stdout is not None and not self._threads[1].is_alive():
            self.process.stdout.close()
