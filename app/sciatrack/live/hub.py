"""`Hub`: the newest state for every page that listens; a page that is slow gets newer ones, never a queue."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

# A person has a laptop, a phone, perhaps a television. More are a mistake or mischief.
MOST_LISTENERS = 16
# A page that hears nothing for some seconds says so; the state is sent again at least so often.
BEAT_S = 1.0


class Hub:
    """Holds the newest state and its number; all methods are for the event loop."""

    def __init__(self) -> None:
        self.number = 0
        self.state: Mapping[str, Any] = {}
        self.listeners = 0
        self._published_s = time.monotonic()
        self._news = asyncio.Event()

    def publish(self, state: Mapping[str, Any]) -> None:
        """A new state; everybody who listens wakes up."""
        self.number += 1
        self.state = state
        self._published_s = time.monotonic()
        self._news.set()
        self._news = asyncio.Event()

    async def listen(self) -> AsyncIterator[tuple[int, Mapping[str, Any]]]:
        """The present state at once, then each newer one, and the same again where nothing happens for a second.

        Ends with the state that says that the session is over.
        """
        self.listeners += 1
        try:
            while True:
                news = self._news
                yield self.number, self._now()
                if self.state.get("over"):
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await news.wait()
        finally:
            self.listeners -= 1

    def _now(self) -> Mapping[str, Any]:
        """The newest state with the session's clock as it stands now, for a page that comes later."""
        if "now_s" not in self.state:
            return self.state
        passed_s = (time.monotonic() - self._published_s) * float(self.state.get("pace", 1.0))
        return {**self.state, "now_s": round(self.state["now_s"] + passed_s, 3)}
