"""An event loop whose time is virtual: nobody waits, and every run of the same program is the same run."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
# 2026-03-02 08:00 UTC: the wall clock at virtual time zero, an arbitrary Monday.
WALL_START_NS = 1_772_438_400 * 10**9


class VirtualLoop(asyncio.SelectorEventLoop):
    """Whenever all tasks wait, its clock jumps to the next timer. Threads and sockets are served as usual."""

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self))
        self.now_s = 0.0

    def time(self) -> float:
        return self.now_s


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of sleeping until the next timer it turns the clock forward."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # no timer at all: something outside, such as a thread, must come first
            return super().select(None)
        events = super().select(0)
        if not events:
            self._loop.now_s += timeout
        return events


class LoopClock:
    """The collector's clock on the running (virtual) loop."""

    def monotonic_ns(self) -> int:
        return round(asyncio.get_running_loop().time() * 1e9)

    def wall_ns(self) -> int:
        return WALL_START_NS + self.monotonic_ns()


def run_virtual(program: Coroutine[Any, Any, T]) -> T:
    """Run a program to its end on a virtual clock that starts at zero."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(program)
