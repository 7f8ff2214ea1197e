"""The server process: frames in, the engine in a thread of its own, pages and the recorder out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TextIO

import uvicorn

from sciatrack.live import wire
from sciatrack.live.address import hosts
from sciatrack.live.asking import seen_from
from sciatrack.live.engine import Engine
from sciatrack.live.guard import MAX_HEADER_BYTES, Guard
from sciatrack.live.hub import Hub
from sciatrack.live.server import RefusedError, application
from sciatrack.live.setup import Setup
from sciatrack.live.texts import page_texts
from sciatrack_analytics.study import session_exercises

# Ten looks a second where nothing comes; a packet is looked at when it comes.
TICK_S = 0.1
# The recorder hears the state at least so often, or it takes this process for dead.
TELL_EVERY_S = 0.5
# The recorder flushes its log twice a second; after this, all that did not come by the wire is in it.
FLUSHED_S = 1.5
DEFAULT_PORT = 8460
REFUSALS_EVERY_S = 5.0  # a flood of them is one line
GOODBYE_S = 1.0  # for pages to hear that the session is over

Frames = Iterator[tuple[int, bytes]]
Asked = tuple[Mapping[str, Any], bool, Future[Mapping[str, Any]]]


def serve(setup: Setup, frames: Frames, out: TextIO) -> None:
    """Serve pages until the recorder closes the frames."""
    asyncio.run(_Server(setup, frames, out).run())


class _Server:
    def __init__(self, setup: Setup, frames: Frames, out: TextIO) -> None:
        self._setup, self._frames, self._out = setup, frames, out
        self._hub = Hub()
        self._queue: queue.Queue[tuple[int, bytes] | Asked | None] = queue.Queue(10_000)
        self._refused = _Refusals(self._tell)
        self._lock = threading.Lock()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        listener = _listen(self._setup.port, bool(self._setup.token))
        port = listener.getsockname()[1]
        self._tell({"port": port})
        over = asyncio.Event()

        def publish(state: Mapping[str, Any]) -> None:
            loop.call_soon_threadsafe(self._hub.publish, state)

        def work() -> None:
            try:
                _Worker(Engine(self._setup), self._queue, publish, self._tell).run()
            finally:
                loop.call_soon_threadsafe(over.set)

        for job, name in ((self._read, "frames"), (work, "engine")):
            threading.Thread(target=job, name=name, daemon=True).start()
        server = uvicorn.Server(self._config(port))
        pages = asyncio.create_task(server.serve([listener]))
        await over.wait()
        await asyncio.sleep(GOODBYE_S)
        server.should_exit = server.force_exit = True
        await pages

    def _config(self, port: int) -> uvicorn.Config:
        exercises = session_exercises(Path(self._setup.folder))
        app = application(self._hub, self._act, seen_from, page_texts(exercises), self._refused)
        guarded = Guard(app, hosts(port, self._setup.token), self._setup.token or None, self._refused)
        return uvicorn.Config(
            guarded, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
            limit_concurrency=64, timeout_keep_alive=5, h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        )  # fmt: skip

    def _read(self) -> None:
        try:
            for frame in self._frames:
                self._queue.put(frame)
        finally:
            self._queue.put(None)

    async def _act(self, body: Mapping[str, Any], is_here: bool) -> Mapping[str, Any]:
        done: Future[Mapping[str, Any]] = Future()
        try:
            self._queue.put_nowait((body, is_here, done))
        except queue.Full:
            raise RefusedError("busy", 503) from None
        return await asyncio.wrap_future(done)

    def _tell(self, line: Mapping[str, Any]) -> None:
        """One line to the recorder."""
        with self._lock:
            self._out.write(json.dumps(line) + "\n")
            self._out.flush()


class _Worker:
    """The engine's thread."""

    def __init__(
        self,
        engine: Engine,
        work: queue.Queue[Any],
        publish: Callable[[Mapping[str, Any]], None],
        tell: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._engine, self._work, self._publish, self._tell = engine, work, publish, tell
        # Another server ran before this one: what it was given is in the log, or will be in a moment.
        self._catch_up_at: float | None = time.monotonic() + FLUSHED_S if engine.has_logs() else None
        self._held: list[wire.Arrived] = []
        self._told_at = 0.0
        self._shown: Mapping[str, Any] = {}
        self._stop_told = False

    def run(self) -> None:
        while not self._engine.over:
            for item in self._taken():
                self._handle(item)
            self._flow()
            self._show()

    def _taken(self) -> list[Any]:
        """All that waits; for a tick, if nothing does."""
        items = []
        try:
            items.append(self._work.get(timeout=TICK_S))
            while True:
                items.append(self._work.get_nowait())
        except queue.Empty:
            return items

    def _handle(self, item: Any) -> None:
        if item is None:
            self._engine.over = True
        elif isinstance(item[1], bytes):
            self._frame(*item)
        else:
            body, is_here, done = item
            try:
                done.set_result(self._engine.act(body, is_here))
            except Exception as error:
                done.set_exception(error)

    def _frame(self, kind: int, body: bytes) -> None:
        if kind == wire.PACKET:
            self._held.append(wire.read_packet(body))
        elif kind == wire.STATUS:
            self._engine.status(json.loads(body))
        elif kind == wire.ACT:
            with contextlib.suppress(RefusedError):
                self._engine.act(json.loads(body), True)
        elif kind == wire.LOST:
            self._catch_up_at = time.monotonic() + FLUSHED_S

    def _flow(self) -> None:
        """Hand packets to the engine, those of the log first where some did not come."""
        if self._catch_up_at is not None:
            if time.monotonic() < self._catch_up_at:
                return
            self._catch_up_at = None
            self._engine.catch_up()
        held, self._held = self._held, []
        self._engine.packets(held)

    def _show(self) -> None:
        state = self._engine.state()
        if self._engine.ended and not self._stop_told:
            self._stop_told = True
            self._tell({"stop": True})
        if {**state, "now_s": 0} != self._shown:
            self._shown = {**state, "now_s": 0}
            self._publish(state)
        elif time.monotonic() - self._told_at < TELL_EVERY_S:
            return
        self._told_at = time.monotonic()
        self._tell({"state": state})


class _Refusals:
    """Says what was refused, at most once in a while."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self._tell = tell
        self._last_at = -REFUSALS_EVERY_S
        self._more = 0

    def __call__(self, reason: str, who: str) -> None:
        if time.monotonic() - self._last_at < REFUSALS_EVERY_S:
            self._more += 1
            return
        more = f" ({self._more} more since the last line)" if self._more else ""
        self._last_at, self._more = time.monotonic(), 0
        self._tell({"say": f"live page: a request from {who} was refused: {reason}{more}"})


def _listen(port: int, lan: bool) -> socket.socket:
    """The port that is asked for; where none is, the usual one or any that is free."""
    host = "0.0.0.0" if lan else "127.0.0.1"
    for wanted in (port,) if port else (DEFAULT_PORT, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if sys.platform != "win32":  # there it would let two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, wanted))
            listener.listen()  # whoever is told the address may ask at once, and waits until pages are served
            return listener
        except OSError:
            listener.close()
            if port:
                raise
    raise OSError("no port is free")
