"""`SessionClock`: what time it is in a session that another process records or plays back."""

from __future__ import annotations

import time
from collections.abc import Callable


class SessionClock:
    """Seconds since the session began, run on between two messages of the recorder.

    pace : session seconds per second; 0 where playback does not wait, so that only messages move the clock.
    """

    def __init__(self, pace: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace
        self._now = now
        self._told_s = 0.0
        self._told_at = now()

    def told(self, session_s: float) -> None:
        """The recorder says that it is so late; time never goes back."""
        self._told_s = max(session_s, self.now_s)
        self._told_at = self._now()

    @property
    def now_s(self) -> float:
        return self._told_s + (self._now() - self._told_at) * self.pace
