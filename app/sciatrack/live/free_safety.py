"""The button "my pain went up" where no plan is walked through: what it decides is kept in live.jsonl."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from sciatrack.live.setup import Setup
from sciatrack.walk import Event, Walk, begin_event, event_to_json, pain_up_event
from sciatrack_analytics.live_log import LiveLog, read_live_log, said_in
from sciatrack_analytics.safety_history import History
from sciatrack_ingest.manifest import text_to_utc


class FreeSafety:
    """Decisions of a session without a plan. Nothing is written before the button is pressed."""

    def __init__(self, setup: Setup, history: History) -> None:
        self._setup, self._history = setup, history
        self.decisions: list[dict[str, Any]] = said_in(read_live_log(Path(setup.folder))[0]).decisions

    @property
    def unsafe(self) -> bool:
        return bool(self.decisions)

    def pain_up(self, now_s: float) -> None:
        """Stop; the decision is on disk when this returns."""
        setup = self._setup
        session = {
            "session_id": setup.session_id, "participant": setup.participant, "start_utc": setup.start_utc,
            "timezone": setup.timezone, "origin": setup.origin,
        }  # fmt: skip
        at_utc = text_to_utc(setup.start_utc) + dt.timedelta(seconds=now_s)
        pressed = pain_up_event(now_s, at_utc, setup.timezone, self._history, Walk({}, {}))
        lines: list[Event] = [begin_event(0.0, session, {}, ()), pressed]
        with LiveLog(Path(setup.folder)) as log:
            for event in lines[1:] if self.decisions else lines:
                log.append(event_to_json(event))
        self.decisions += list(pressed.data["decisions"])
